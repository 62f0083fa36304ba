using System.Text.Json;
using Media.AppHost;
using Media.AppHost.Processes;

namespace Media.EndToEnd.Tests.Support;

/// <summary>Runs <c>./media</c>, as a person does.</summary>
internal static class CommandLine
{
    private static readonly string Program = Path.Combine(Rooms.Root, "media");

    // The first call builds it, which is none of what a test waits for.
    private static readonly Lazy<Task> Built = new(BuildAsync);

    public static Task<ChildProcess> StartAsync(Uri server, CancellationToken cancellationToken, params IReadOnlyList<string> arguments) =>
        StartAsync(server, ApiProcess.ApiKey, cancellationToken, arguments);

    public static async Task<ChildProcess> StartAsync(Uri server, string key, CancellationToken cancellationToken, params IReadOnlyList<string> arguments)
    {
        await Built.Value.WaitAsync(cancellationToken);
        return await ChildProcess.StartAsync(Options([.. arguments, "--server", server.ToString(), "--key", key]), cancellationToken);
    }

    /// <summary>The JSON object that an upload printed, once the command has ended well.</summary>
    public static async Task<JsonElement> ResultAsync(ChildProcess process, TimeSpan timeout)
    {
        await EndAsync(process, timeout);
        return JsonDocument.Parse(process.Lines.Last(line => line.StartsWith('{'))).RootElement;
    }

    private static async Task BuildAsync()
    {
        await using var process = await ChildProcess.StartAsync(Options(["version"]), CancellationToken.None);
        await EndAsync(process, TimeSpan.FromMinutes(10));
    }

    private static async Task EndAsync(ChildProcess process, TimeSpan timeout)
    {
        var exit = await process.Exited.WaitAsync(timeout);
        Assert.True(exit == 0, $"media ended with {exit}:{Environment.NewLine}{string.Join(Environment.NewLine, process.Lines)}");
    }

    private static ChildProcessOptions Options(IReadOnlyList<string> arguments) => new() { Name = "media", FileName = Program, Arguments = arguments };
}
