using System.Text.Json;
using Media.AppHost;
using Media.AppHost.Processes;

namespace Media.EndToEnd.Tests.Support;

/// <summary>Runs <c>media</c>.</summary>
internal static class CommandLine
{
    public static Task<ChildProcess> StartAsync(Uri server, CancellationToken cancellationToken, params IReadOnlyList<string> arguments) =>
        StartAsync(server, ApiProcess.ApiKey, cancellationToken, arguments);

    public static Task<ChildProcess> StartAsync(Uri server, string key, CancellationToken cancellationToken, params IReadOnlyList<string> arguments)
    {
        var options = ChildProcessOptions.Dotnet(
            "media", Rooms.Output("src/Client/CommandLine", "media"), [.. arguments, "--server", server.ToString(), "--key", key]);
        return ChildProcess.StartAsync(options, cancellationToken);
    }

    /// <summary>The JSON object that an upload printed, once the command has ended well.</summary>
    public static async Task<JsonElement> ResultAsync(ChildProcess process, TimeSpan timeout)
    {
        var exit = await process.Exited.WaitAsync(timeout);
        Assert.True(exit == 0, $"media ended with {exit}:{Environment.NewLine}{string.Join(Environment.NewLine, process.Lines)}");
        return JsonDocument.Parse(process.Lines.Last(line => line.StartsWith('{'))).RootElement;
    }
}
