package handover

import (
	"context"
	"net"
	"testing"

	"github.com/grafana/grafana-plugin-sdk-go/backend"
	"github.com/grafana/grafana-plugin-sdk-go/backend/instancemgmt"
	"github.com/grafana/grafana-plugin-sdk-go/data"
	"github.com/grafana/grafana-plugin-sdk-go/experimental/datasourcetest"
	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
	"github.com/stretchr/testify/require"
)

// source answers A with a frame that it encodes itself, and B with rows.
type source struct{}

func (source) QueryData(ctx context.Context, _ *backend.QueryDataRequest) (*backend.QueryDataResponse, error) {
	response := backend.NewQueryDataResponse()
	response.Responses["B"] = backend.DataResponse{Frames: data.Frames{data.NewFrame("rows")}}
	encoded := data.NewFrame("encoded")
	if files := From(ctx); files != nil {
		file, err := encoded.MarshalArrow()
		if err != nil {
			return nil, err
		}
		files.Put("A", file)
		response.Responses["A"] = backend.DataResponse{Status: backend.StatusOK}
		return response, nil
	}
	encoded.Name = "not encoded"
	response.Responses["A"] = backend.DataResponse{Frames: data.Frames{encoded}}
	return response, nil
}

func TestEncodedFramesPassTheSDK(t *testing.T) {
	Enable()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	address := listener.Addr().String()
	require.NoError(t, listener.Close())
	plugin, err := datasourcetest.Manage(func(context.Context, backend.DataSourceInstanceSettings) (instancemgmt.Instance, error) {
		return source{}, nil
	}, datasourcetest.ManageOpts{Address: address})
	require.NoError(t, err)
	defer func() { require.NoError(t, plugin.Shutdown()) }()

	request := &backend.QueryDataRequest{PluginContext: backend.PluginContext{DataSourceInstanceSettings: &backend.DataSourceInstanceSettings{}}}
	response, err := plugin.Client.QueryData(t.Context(), request)
	require.NoError(t, err)
	for refID, name := range map[string]string{"A": "encoded", "B": "rows"} {
		answer := response.Responses[refID]
		require.NoError(t, answer.Error)
		require.Equal(t, backend.StatusOK, answer.Status)
		require.Len(t, answer.Frames, 1)
		require.Equal(t, name, answer.Frames[0].Name)
	}
}

// asked is a server that says whether it could have handed over encoded frames.
type asked struct {
	pluginv2.UnimplementedDataServer
	could bool
}

func (a *asked) QueryData(ctx context.Context, _ *pluginv2.QueryDataRequest) (*pluginv2.QueryDataResponse, error) {
	a.could = From(ctx) != nil
	return &pluginv2.QueryDataResponse{}, nil
}

func TestFramesInJSONAreTheSDKs(t *testing.T) {
	for format, want := range map[pluginv2.DataFrameFormat]bool{pluginv2.DataFrameFormat_ARROW: true, pluginv2.DataFrameFormat_JSON: false} {
		var a asked
		_, err := server{&a}.QueryData(t.Context(), &pluginv2.QueryDataRequest{Format: format})
		require.NoError(t, err)
		require.Equal(t, want, a.could, format)
	}
}
