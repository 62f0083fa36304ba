using Media.AppHost;
using Media.AppHost.Processes;

namespace Media.Bench.Servers;

/// <summary>A silo without an API, which does the background work, as a process of its own.</summary>
internal sealed class SiloProcess : IAsyncDisposable
{
    private readonly ChildProcess _process;

    private SiloProcess(ChildProcess process) => _process = process;

    public int ProcessId => _process.Id;

    public static async Task<SiloProcess> StartAsync(
        string connectionString, Uri store, string accessKey, string secretKey, string bucket, CancellationToken cancellationToken)
    {
        var environment = new Dictionary<string, string?>(StringComparer.Ordinal)
        {
            ["Media__Postgres__ConnectionString"] = connectionString,
            ["Media__S3__Endpoint"] = store.ToString().TrimEnd('/'),
            ["Media__S3__Bucket"] = bucket,
            ["Media__S3__AccessKey"] = accessKey,
            ["Media__S3__SecretKey"] = secretKey,
            ["Media__S3__ForcePathStyle"] = "true",
        };
        // What is set for this bench by hand goes through: Media__Verification__Parallelism=8 ./bench verify.
        var process = await ChildProcess.StartAsync(
            ChildProcessOptions.Dotnet("silo", Rooms.Output("src/Silo", "Media.Silo")) with { Environment = environment }, cancellationToken);
        try
        {
            await process.WaitForLineAsync(
                static line => line.Contains("Application started", StringComparison.Ordinal), TimeSpan.FromSeconds(60), cancellationToken);
            return new SiloProcess(process);
        }
        catch
        {
            await process.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
