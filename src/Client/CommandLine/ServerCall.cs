using System.CommandLine;
using Media.Client;

namespace Media.CommandLine;

/// <summary>A command that asks the server a few things and tells the answers.</summary>
internal static class ServerCall
{
    public static async Task<int> RunAsync(CommonOptions common, ParseResult arguments, Func<MediaClient, Task<int>> work)
    {
        using var http = MediaClient.CreateHttpClient();
        if (common.Connect(arguments, http, out var refused) is not { } client)
            return refused;
        try
        {
            return await work(client);
        }
        catch (MediaException e)
        {
            await Console.Error.WriteLineAsync($"media: {Printable.Of(e.Message)} [{e.Code}]");
            return ExitCode.Of([e]);
        }
        catch (OperationCanceledException)
        {
            return ExitCode.Interrupted;
        }
    }
}
