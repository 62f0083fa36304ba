using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Amazon.Runtime;
using Amazon.S3;

namespace Media.DevStorage.Tests.Support;

/// <summary>The real program in a process of its own, which can be killed.</summary>
public sealed class StorageProcess : IDisposable
{
    private readonly Process _process;

    private StorageProcess(Process process, Uri endpoint)
    {
        _process = process;
        Endpoint = endpoint;
    }

    public Uri Endpoint { get; }

    /// <summary>Starts it and waits until it says that it is ready.</summary>
    public static async Task<StorageProcess> StartAsync(string data, int port, params string[] more)
    {
        var start = new ProcessStartInfo("dotnet") { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (string[])
        [
            Path.Combine(AppContext.BaseDirectory, "Media.DevStorage.dll"), "--data", data, "--port", port.ToString(CultureInfo.InvariantCulture),
            "--access-key", StorageServer.AccessKey, "--secret-key", StorageServer.Secret, .. more,
        ])
        {
            start.ArgumentList.Add(argument);
        }

        var process = Process.Start(start)!;
        using var deadline = new CancellationTokenSource(TimeSpan.FromMinutes(2));
        var line = await process.StandardOutput.ReadLineAsync(deadline.Token);
        if (line is null || !line.StartsWith("ready http://", StringComparison.Ordinal))
            Assert.Fail($"it said '{line}' and {await process.StandardError.ReadToEndAsync(deadline.Token)}");
        return new StorageProcess(process, new Uri(line!["ready ".Length..]));
    }

    public static int FreePort() => Media.Tests.Support.FreePort.Next();

    public AmazonS3Client Client() => new(new BasicAWSCredentials(StorageServer.AccessKey, StorageServer.Secret), new AmazonS3Config
    {
        ServiceURL = Endpoint.ToString(),
        ForcePathStyle = true,
        AuthenticationRegion = "us-east-1",
        MaxErrorRetry = 0,
        Timeout = TimeSpan.FromSeconds(20),
    });

    /// <summary>As <c>kill -9</c> does.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    /// <summary>Ends it with SIGTERM; gives its exit code.</summary>
    public async Task<int> TerminateAsync()
    {
        using var kill = Process.Start("kill", ["-TERM", _process.Id.ToString(CultureInfo.InvariantCulture)])!;
        await kill.WaitForExitAsync();
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(20));
        await _process.WaitForExitAsync(deadline.Token);
        return _process.ExitCode;
    }

    public string RestOfOutput() => _process.StandardOutput.ReadToEnd();

    public void Dispose()
    {
        if (!_process.HasExited)
            Kill();
        _process.Dispose();
    }
}
