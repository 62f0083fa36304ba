using System.ComponentModel;
using System.Diagnostics;
using System.Globalization;
using Microsoft.Extensions.Options;

namespace Media.Silo.Thumbnails;

/// <summary>
/// Runs programs on files that anybody may have made: with an environment of its own, in a folder of its own, for a limited time, on Linux with limited
/// memory and output, and without a network where the kernel lets an ordinary account have that. See docs/decisions/thumbnails-in-a-process.md.
/// </summary>
internal sealed class ToolSandbox(IOptions<ThumbnailOptions> options, TimeProvider time)
{
    /// <summary>Most bytes that a program may write into one file.</summary>
    public const long MaxOutputBytes = 16L << 20;

    private const int MaxText = 65_536;

    // Each step gives the process itself over to the next, so that its id stays, and who kills it kills the program.
    private const string Limits = "ulimit -c 0 && ulimit -v \"$1\" && ulimit -t \"$2\" && ulimit -f \"$3\" && shift 3 && exec \"$@\"";

    private static readonly TimeSpan DrainTime = TimeSpan.FromSeconds(2);

    private readonly ThumbnailOptions _options = options.Value;

    /// <summary>Runs a program to its end.</summary>
    /// <param name="program">Its path.</param>
    /// <param name="arguments">As they are; no shell reads them.</param>
    /// <param name="folder">Where it runs.</param>
    /// <param name="isolator">The path of <c>unshare</c>, where it works here; else null.</param>
    /// <param name="cancellationToken">Kills it.</param>
    /// <exception cref="Win32Exception">It cannot be started.</exception>
    /// <exception cref="InvalidOperationException">Somebody stopped it, as when the service ends: that tells nothing of the file.</exception>
    public async Task<ToolRun> RunAsync(string program, IEnumerable<string> arguments, WorkFolder folder, string? isolator, CancellationToken cancellationToken)
    {
        using var process = new Process { StartInfo = Describe(program, arguments, folder, isolator) };
        process.Start();
        using var limit = new CancellationTokenSource(_options.TimeLimit, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellationToken);
        var reading = Task.WhenAll(ReadAsync(process.StandardOutput), ReadAsync(process.StandardError));
        var timedOut = false;
        try
        {
            process.StandardInput.Close();
            await process.WaitForExitAsync(either.Token);
        }
        catch (OperationCanceledException)
        {
            timedOut = !cancellationToken.IsCancellationRequested;
        }
        finally
        {
            if (!process.HasExited)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync(CancellationToken.None);
            }
        }

        cancellationToken.ThrowIfCancellationRequested();
        var text = await FinishAsync(reading);
        var run = new ToolRun(process.ExitCode, text[0], text[1], timedOut);
        if (run.WasStopped) throw new InvalidOperationException($"{program} was stopped from outside, with code {run.ExitCode}.");
        return run;
    }

    // What a program has started may hold its output open after it has ended.
    private async Task<string[]> FinishAsync(Task<string[]> reading)
    {
        try
        {
            return await reading.WaitAsync(DrainTime, time);
        }
        catch (TimeoutException)
        {
            return ["", ""];
        }
    }

    private ProcessStartInfo Describe(string program, IEnumerable<string> arguments, WorkFolder folder, string? isolator)
    {
        List<string> command = [];
        if (OperatingSystem.IsLinux())
        {
            if (isolator is not null) command.AddRange([isolator, "--user", "--net", "--"]);
            var seconds = Math.Ceiling(_options.TimeLimit.TotalSeconds) + 1;
            command.AddRange(["/bin/sh", "-c", Limits, "sh", Text(_options.MemoryLimit >> 10), Text((long)seconds), Text(MaxOutputBytes / 512)]);
        }

        command.Add(program);
        command.AddRange(arguments);
        var start = new ProcessStartInfo(command[0], command.Skip(1))
        {
            UseShellExecute = false,
            CreateNoWindow = true,
            WorkingDirectory = folder.FullName,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        SetEnvironment(start.Environment, folder);
        return start;
    }

    private static void SetEnvironment(IDictionary<string, string?> environment, WorkFolder folder)
    {
        // Without it no program starts on Windows.
        var system = OperatingSystem.IsWindows() ? Environment.GetEnvironmentVariable("SystemRoot") : null;
        environment.Clear();
        if (system is not null) environment["SystemRoot"] = system;
        environment["HOME"] = environment["TMPDIR"] = environment["TEMP"] = environment["TMP"] = folder.FullName;
        environment["LC_ALL"] = "C";
        // Only the loaders that libvips calls safe for anybody's files.
        environment["VIPS_BLOCK_UNTRUSTED"] = "1";
        environment["VIPS_CONCURRENCY"] = "1";
        // Never to a file beside; the limit of memory is meant.
        environment["VIPS_DISC_THRESHOLD"] = "1024g";
        environment["MALLOC_ARENA_MAX"] = "1";
    }

    private static async Task<string> ReadAsync(StreamReader reader)
    {
        var text = new char[MaxText];
        var length = 0;
        var rest = new char[1_024];
        try
        {
            // To the end, or the program would wait for somebody to read.
            while (true)
            {
                var read = await reader.ReadAsync(length < MaxText ? text.AsMemory(length) : rest);
                if (read == 0) return new string(text, 0, length);
                if (length < MaxText) length += read;
            }
        }
        catch (Exception failure) when (failure is IOException or ObjectDisposedException)
        {
            return new string(text, 0, length);
        }
    }

    private static string Text(long value) => value.ToString(CultureInfo.InvariantCulture);
}
