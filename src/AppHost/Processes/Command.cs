using System.ComponentModel;
using System.Diagnostics;

namespace Media.AppHost.Processes;

/// <summary>What a short command left behind.</summary>
internal sealed record CommandResult(string CommandLine, int ExitCode, string Output, string Errors)
{
    /// <summary>This result, or an exception that carries what the command said.</summary>
    public CommandResult ThrowIfFailed() => ExitCode == 0
        ? this
        : throw new InvalidOperationException($"'{CommandLine}' ended with {ExitCode}: {(Errors + Output).Trim()}");
}

/// <summary>Runs a short command to its end.</summary>
internal static class Command
{
    /// <summary>Runs <paramref name="fileName"/> and reads what it prints. A program that isn't there ends with 127, as in a shell.</summary>
    public static async Task<CommandResult> RunAsync(string fileName, IReadOnlyList<string> arguments, CancellationToken cancellationToken)
    {
        var commandLine = $"{fileName} {string.Join(' ', arguments)}";
        using var process = new Process
        {
            StartInfo = new ProcessStartInfo(fileName, arguments) { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true },
        };
        try
        {
            process.Start();
        }
        catch (Win32Exception e)
        {
            return new CommandResult(commandLine, 127, "", e.Message);
        }

        try
        {
            var output = process.StandardOutput.ReadToEndAsync(cancellationToken);
            var errors = process.StandardError.ReadToEndAsync(cancellationToken);
            await process.WaitForExitAsync(cancellationToken);
            return new CommandResult(commandLine, process.ExitCode, await output, await errors);
        }
        catch (OperationCanceledException)
        {
            process.Kill(entireProcessTree: true);
            throw;
        }
    }
}
