using System.Runtime.InteropServices;

namespace Media.DevStorage;

internal static class Program
{
    public static async Task<int> Main(string[] args)
    {
        DevStorageOptions options;
        try
        {
            options = CommandLine.Parse(args);
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            await Console.Error.WriteLineAsync(CommandLine.Usage);
            return 2;
        }

        var stop = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        void Stop(PosixSignalContext context)
        {
            context.Cancel = true;
            stop.TrySetResult();
        }

        using var terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
        using var interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
        try
        {
            await using var server = await DevStorageServer.StartAsync(options);
            await Console.Out.WriteLineAsync($"ready {server.Endpoint.GetLeftPart(UriPartial.Authority)}");
            await stop.Task;
        }
        catch (Exception e) when (e is IOException or InvalidDataException or UnauthorizedAccessException or FormatException or ArgumentException)
        {
            await Console.Error.WriteLineAsync(e.Message);
            return 1;
        }

        return 0;
    }
}
