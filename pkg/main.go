// The executable half of the Cloudflare Access data source for Grafana.
package main

import (
	"os"

	"github.com/grafana/grafana-plugin-sdk-go/backend/datasource"
	"github.com/grafana/grafana-plugin-sdk-go/backend/log"

	"github.com/cfaccess/cfaccess-logs-datasource/pkg/handover"
	"github.com/cfaccess/cfaccess-logs-datasource/pkg/plugin"
)

func main() {
	plugin.LimitMemory()
	handover.Enable()
	if err := datasource.Manage(plugin.ID, plugin.New, datasource.ManageOpts{}); err != nil {
		log.DefaultLogger.Error("the plugin ended", "error", err)
		os.Exit(1)
	}
}
