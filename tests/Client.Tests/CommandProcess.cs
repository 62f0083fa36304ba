using System.Diagnostics;
using System.Text;
using System.Text.Json;
using Media.Client.Tests.Peer;

namespace Media.Client.Tests;

/// <summary>The built command line, run as a process.</summary>
internal sealed class CommandProcess : IDisposable
{
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _error = new();

    private CommandProcess(ProcessStartInfo start)
    {
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, line) => Append(_output, line.Data);
        _process.ErrorDataReceived += (_, line) => Append(_error, line.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    public int Id => _process.Id;

    public string Output => Read(_output);

    public string Error => Read(_error);

    public List<JsonElement> Json => [.. Output.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<JsonElement>(line))];

    public static CommandProcess Start(Bench? bench, params string[] arguments) => Start(bench, ApiPeer.Key, arguments);

    /// <summary>Starts the command on a terminal of its own, by script(1); what it shows is the output.</summary>
    public static CommandProcess StartOnTerminal(Bench bench, params string[] arguments)
    {
        var line = string.Join(' ', arguments.Prepend(Path.Combine(AppContext.BaseDirectory, "media.dll")).Prepend("dotnet").Select(word => $"'{word}'"));
        return Start(bench, ApiPeer.Key, "script", ["-qefc", line, "/dev/null"]);
    }

    public static CommandProcess Start(Bench? bench, string? key, string[] arguments) =>
        Start(bench, key, "dotnet", [Path.Combine(AppContext.BaseDirectory, "media.dll"), .. arguments]);

    private static CommandProcess Start(Bench? bench, string? key, string program, string[] arguments)
    {
        var start = new ProcessStartInfo(program)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            StandardOutputEncoding = Encoding.UTF8,
            StandardErrorEncoding = Encoding.UTF8,
        };
        foreach (var argument in arguments)
            start.ArgumentList.Add(argument);
        start.Environment.Remove("MEDIA_PORT");
        start.Environment.Remove("NO_COLOR");
        start.Environment["TERM"] = "xterm";
        start.Environment["MEDIA_SERVER"] = bench?.Api.Host.Address ?? "http://127.0.0.1:9";
        start.Environment["MEDIA_API_KEY"] = key ?? "";
        return new CommandProcess(start);
    }

    public static async Task<(int Code, CommandProcess Process)> RunAsync(Bench? bench, params string[] arguments)
    {
        using var process = Start(bench, arguments);
        return (await process.ExitAsync(), process);
    }

    public async Task<int> ExitAsync()
    {
        await _process.WaitForExitAsync(Bench.Deadline);
        return _process.ExitCode;
    }

    /// <summary>Gives the command its standard input, whole.</summary>
    public async Task WriteAsync(string input)
    {
        await _process.StandardInput.WriteAsync(input);
        _process.StandardInput.Close();
    }

    public void Kill() => _process.Kill();

    public async Task InterruptAsync()
    {
        using var kill = Process.Start("kill", ["-INT", Id.ToString(System.Globalization.CultureInfo.InvariantCulture)]);
        await kill.WaitForExitAsync(Bench.Deadline);
    }

    public void Dispose()
    {
        if (!_process.HasExited)
            _process.Kill();
        _process.Dispose();
    }

    private static void Append(StringBuilder to, string? line)
    {
        lock (to)
        {
            if (line is not null)
                to.Append(line).Append('\n');
        }
    }

    private static string Read(StringBuilder from)
    {
        lock (from)
            return from.ToString();
    }
}
