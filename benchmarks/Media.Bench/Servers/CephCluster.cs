using System.Diagnostics;
using Media.AppHost;
using Media.Tests.Support;

namespace Media.Bench.Servers;

/// <summary>A Ceph RGW of its own, by <c>build/ceph.sh</c>, where Ceph is installed.</summary>
internal sealed class CephCluster : IAsyncDisposable
{
    private readonly TemporaryFolder _folder;

    private CephCluster(TemporaryFolder folder, Dictionary<string, string> values)
    {
        _folder = folder;
        Endpoint = new Uri(values["MEDIA_TEST_S3_ENDPOINT"]);
        AccessKey = values["MEDIA_TEST_S3_KEY"];
        SecretKey = values["MEDIA_TEST_S3_SECRET"];
    }

    public Uri Endpoint { get; }

    public string AccessKey { get; }

    public string SecretKey { get; }

    public static bool IsInstalled => Array.Exists(
        (Environment.GetEnvironmentVariable("PATH") ?? "").Split(':'), static folder => File.Exists(Path.Combine(folder, "radosgw")));

    public static async Task<CephCluster> StartAsync(CancellationToken cancellationToken)
    {
        var folder = new TemporaryFolder();
        try
        {
            var output = await RunAsync("start", folder, cancellationToken);
            var values = output.Split((char[])[' ', '\n'], StringSplitOptions.RemoveEmptyEntries)
                .Select(static word => word.Split('=', 2)).ToDictionary(static pair => pair[0], static pair => pair[1], StringComparer.Ordinal);
            return new CephCluster(folder, values);
        }
        catch
        {
            await RunAsync("stop", folder, CancellationToken.None);
            folder.Dispose();
            throw;
        }
    }

    public StoreAccess Access(string bucket) => new(Endpoint, AccessKey, SecretKey, bucket);

    public async ValueTask DisposeAsync()
    {
        await RunAsync("stop", _folder, CancellationToken.None);
        _folder.Dispose();
    }

    // Into a file: the servers that it leaves running keep its output open, and a pipe would not end.
    private static async Task<string> RunAsync(string command, TemporaryFolder folder, CancellationToken cancellationToken)
    {
        var output = folder.Path("output");
        var start = new ProcessStartInfo("bash", ["-c", "exec \"$0\" \"$1\" \"$2\" >\"$3\" 2>\"$3.errors\"", Path.Combine(Rooms.Root, "build/ceph.sh"), command, folder.FullName, output]);
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync(cancellationToken);
        return process.ExitCode == 0
            ? await File.ReadAllTextAsync(output, cancellationToken)
            : throw new InvalidOperationException($"Ceph did not {command}: {await File.ReadAllTextAsync(output + ".errors", cancellationToken)}");
    }
}
