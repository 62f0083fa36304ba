using System.Globalization;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using Media.AppHost;
using Media.AppHost.Processes;
using Media.Tests.Support;

namespace Media.Bench.Servers;

/// <summary>A DevStorage of its own, as it runs by default: it waits for the disk.</summary>
internal sealed class DevStorageProcess : IAsyncDisposable
{
    private const string Ready = "ready ";
    private const string AdminToken = "bench";
    private readonly TemporaryFolder? _folder;
    private readonly ChildProcess _process;

    private DevStorageProcess(TemporaryFolder? folder, ChildProcess process, Uri endpoint) => (_folder, _process, Endpoint) = (folder, process, endpoint);

    public Uri Endpoint { get; }

    public int ProcessId => _process.Id;

    /// <summary>Starts one on a new folder, which goes with it.</summary>
    public static async Task<DevStorageProcess> StartAsync(CancellationToken cancellationToken)
    {
        var folder = new TemporaryFolder();
        try
        {
            return await StartAsync(folder.FullName, folder, [], cancellationToken);
        }
        catch
        {
            folder.Dispose();
            throw;
        }
    }

    /// <summary>Starts one that does not wait for the disk, on a folder that stays.</summary>
    public static Task<DevStorageProcess> StartUnsyncedAsync(string data, CancellationToken cancellationToken) => StartAsync(data, null, ["--no-fsync"], cancellationToken);

    private static async Task<DevStorageProcess> StartAsync(string data, TemporaryFolder? folder, string[] more, CancellationToken cancellationToken)
    {
        var process = await ChildProcess.StartAsync(
            ChildProcessOptions.Dotnet(
                "storage", Rooms.Output("src/DevStorage", "Media.DevStorage"),
                ["--data", data, "--access-key", TestStorage.AccessKey, "--secret-key", TestStorage.SecretKey, "--admin-token", AdminToken, .. more]),
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
            throw;
        }
    }

    /// <summary>From now on each GET of an object is answered with so many bytes a second, as by a store that is not this machine's.</summary>
    public async Task LimitReadsAsync(long bytesPerSecond, CancellationToken cancellationToken)
    {
        using var http = new HttpClient();
        http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", AdminToken);
        using var answer = await http.PutAsJsonAsync(new Uri(Endpoint, "/_admin/faults"), new[] { new { operation = "GetObject", bytesPerSecond } }, cancellationToken);
        answer.EnsureSuccessStatusCode();
    }

    public StoreAccess Access(string bucket) => new(Endpoint, TestStorage.AccessKey, TestStorage.SecretKey, bucket);

    public async ValueTask DisposeAsync()
    {
        await _process.DisposeAsync();
        _folder?.Dispose();
    }
}
