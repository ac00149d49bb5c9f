// Who serves gRPC calls of the proxy itself.
#include "xds/fields_tables.h"

namespace outrigger::xds {
namespace {

#define GRPC_NS "envoy.config.core.v3.GrpcService."

constexpr WorkingFields kWorking[] = {
    {"envoy.config.core.v3.GrpcService", "envoy_grpc google_grpc timeout initial_metadata"},
    {GRPC_NS "EnvoyGrpc",
     "cluster_name authority retry_policy max_receive_message_length skip_envoy_headers"},
    {"envoy.config.core.v3.RetryPolicy", "retry_back_off"},
    {GRPC_NS "GoogleGrpc",
     "target_uri channel_credentials call_credentials stat_prefix per_stream_buffer_limit_bytes "
     "channel_args"},
    {GRPC_NS "GoogleGrpc.SslCredentials", "*"},
    {GRPC_NS "GoogleGrpc.GoogleLocalCredentials", "*"},
    {GRPC_NS "GoogleGrpc.ChannelCredentials", "*"},
    {GRPC_NS "GoogleGrpc.CallCredentials", "access_token"},
    {GRPC_NS "GoogleGrpc.ChannelArgs", "*"},
    {GRPC_NS "GoogleGrpc.ChannelArgs.Value", "*"},
};

constexpr HarmlessField kHarmless[] = {
    {"envoy.config.core.v3.RetryPolicy", "num_retries",
     "streams are opened again until they stand; other calls are not repeated by this policy"},
};

}  // namespace

constinit const FieldTable kGrpcFields = {"gRPC services", kWorking, kHarmless};

}  // namespace outrigger::xds
