using System.Globalization;
using Media.AppHost;
using Media.AppHost.Processes;
using Media.Tests.Support;

namespace Media.Bench.Servers;

/// <summary>A DevStorage of its own, as it runs by default: it waits for the disk.</summary>
internal sealed class DevStorageProcess : IAsyncDisposable
{
    private const string Ready = "ready ";
    private readonly TemporaryFolder _folder;
    private readonly ChildProcess _process;

    private DevStorageProcess(TemporaryFolder folder, ChildProcess process, Uri endpoint) => (_folder, _process, Endpoint) = (folder, process, endpoint);

    public Uri Endpoint { get; }

    public int ProcessId => _process.Id;

    public static async Task<DevStorageProcess> StartAsync(CancellationToken cancellationToken)
    {
        var folder = new TemporaryFolder();
        var process = await ChildProcess.StartAsync(
            ChildProcessOptions.Dotnet(
                "storage", Rooms.Output("src/DevStorage", "Media.DevStorage"),
                "--data", folder.FullName, "--access-key", TestStorage.AccessKey, "--secret-key", TestStorage.SecretKey),
            cancellationToken);
        try
        {
            var line = await process.WaitForLineAsync(
                static line => line.StartsWith(Ready + "http", StringComparison.Ordinal), TimeSpan.FromSeconds(60), cancellationToken);
            return new DevStorageProcess(folder, process, new Uri(line[Ready.Length..]));
        }
        catch
        {
            await process.DisposeAsync();
            folder.Dispose();
            throw;
        }
    }

    public StoreAccess Access(string bucket) => new(Endpoint, TestStorage.AccessKey, TestStorage.SecretKey, bucket);

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _folder.Dispose();
    }
}
