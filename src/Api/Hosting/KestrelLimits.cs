using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace Media.Api.Hosting;

/// <summary>What the server takes at most of any request; routes lower or raise the body's limit by <see cref="BodyLimit"/>.</summary>
internal static class KestrelLimits
{
    public static void Apply(KestrelServerOptions server)
    {
        server.AddServerHeader = false;
        var limits = server.Limits;
        limits.MaxRequestBodySize = BodyLimit.Json.Bytes;
        limits.MaxRequestLineSize = 16 << 10;
        limits.MaxRequestHeadersTotalSize = 16 << 10;
        limits.MaxRequestHeaderCount = 64;
        limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
    }
}
