// Package handover hands frames that are encoded already to Grafana. The SDK
// takes frames as rows and encodes them itself, with rows, Arrow's columns, and a
// buffer that doubles alive at once: six times the size of a long answer.
package handover

import (
	"context"
	"sync"

	"github.com/grafana/grafana-plugin-sdk-go/genproto/pluginv2"
	"google.golang.org/grpc"
)

// Files are the encoded frames of one request's queries.
type Files struct {
	mu      sync.Mutex
	byRefID map[string][]byte
}

// Put makes an Arrow file the only frame of a query's answer. It is for a query
// that is answered without an error, and without frames.
func (f *Files) Put(refID string, file []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.byRefID[refID] = file
}

type filesKey struct{}

// From is where the encoded frames of a request go. It is nil where they have to
// be returned as rows.
func From(ctx context.Context) *Files {
	f, _ := ctx.Value(filesKey{}).(*Files)
	return f
}

// Enable puts a server of encoded frames around the SDK's. It must be called
// before the plugin is served.
//
// It does so in the service's description, which the generated code asks to leave
// alone, because the SDK has no other place for it: with a server of its own
// (grpcplugin.Serve), a plugin loses the SDK's middlewares, such as those for
// tenants, tracing, and metrics. Where an SDK serves by another description, From
// is nil, and all frames are returned as rows.
func Enable() {
	for i := range pluginv2.Data_ServiceDesc.Methods {
		method := &pluginv2.Data_ServiceDesc.Methods[i]
		if method.MethodName != "QueryData" {
			continue
		}
		handle := method.Handler
		method.Handler = func(sdk any, ctx context.Context, decode func(any) error, interceptor grpc.UnaryServerInterceptor) (any, error) {
			if s, ok := sdk.(pluginv2.DataServer); ok {
				sdk = server{s}
			}
			return handle(sdk, ctx, decode, interceptor)
		}
	}
}

// server is the SDK's server of queries, but for frames that are encoded already.
type server struct{ pluginv2.DataServer }

func (s server) QueryData(ctx context.Context, request *pluginv2.QueryDataRequest) (*pluginv2.QueryDataResponse, error) {
	if request.GetFormat() != pluginv2.DataFrameFormat_ARROW {
		return s.DataServer.QueryData(ctx, request)
	}
	files := &Files{byRefID: map[string][]byte{}}
	response, err := s.DataServer.QueryData(context.WithValue(ctx, filesKey{}, files), request)
	files.mu.Lock()
	defer files.mu.Unlock()
	for refID, file := range files.byRefID {
		if answer := response.GetResponses()[refID]; answer != nil {
			answer.Frames = [][]byte{file}
		}
	}
	return response, err
}
