using System.Globalization;
using System.Text.RegularExpressions;

namespace Media.AppHost;

/// <summary>
/// What the host and its children have to say: all of a child's output into <c>logs/NAME.log</c>, what matters to whoever
/// looks at the terminal onto it as well.
/// </summary>
internal sealed partial class HostLog(string folder, TextWriter terminal, TimeProvider time) : IDisposable
{
    private const long LargestFile = 10 * 1024 * 1024;
    private const int KeptLines = 100;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, Channel> _channels = new(StringComparer.Ordinal);

    /// <summary>A line of a child's output.</summary>
    public void Output(string name, string line)
    {
        lock (_gate)
        {
            Write(name, line);
            if (Warning().IsMatch(line))
                terminal.WriteLine($"{name,-8} | {line}");
        }
    }

    /// <summary>Something about a resource that is as it should be.</summary>
    public void Say(string name, string message) => Tell(name, message);

    /// <summary>Something about a resource that is not.</summary>
    public void Warn(string name, string message) => Tell(name, "warning: " + message);

    /// <summary>The last lines about a resource, oldest first.</summary>
    public IReadOnlyList<string> LastLines(string name)
    {
        lock (_gate)
            return _channels.TryGetValue(name, out var channel) ? [.. channel.Kept] : [];
    }

    /// <inheritdoc />
    public void Dispose()
    {
        lock (_gate)
        {
            foreach (var channel in _channels.Values)
                channel.File.Dispose();
            _channels.Clear();
        }
    }

    private void Tell(string name, string message)
    {
        lock (_gate)
        {
            Write(name, message);
            terminal.WriteLine($"{name,-8} | {message}");
        }
    }

    private void Write(string name, string line)
    {
        if (!_channels.TryGetValue(name, out var channel))
            _channels.Add(name, channel = new Channel(Open(name)));
        if (channel.File.BaseStream.Length > LargestFile)
        {
            channel.File.Dispose();
            File.Move(PathOf(name), PathOf(name) + ".1", overwrite: true);
            channel.File = Open(name);
        }

        var stamped = string.Create(CultureInfo.InvariantCulture, $"{time.GetUtcNow():yyyy-MM-dd HH:mm:ss.fff} {name} | {line}");
        channel.File.WriteLine(stamped);
        if (channel.Kept.Count == KeptLines)
            channel.Kept.Dequeue();
        channel.Kept.Enqueue(stamped);
    }

    private StreamWriter Open(string name)
    {
        Directory.CreateDirectory(folder);
        return new StreamWriter(PathOf(name), append: true) { AutoFlush = true };
    }

    private string PathOf(string name) => Path.Combine(folder, name + ".log");

    // The single-line format of .NET's console logger, and PostgreSQL's. Its ERROR is a statement that was refused, which is its
    // client's to tell; FATAL while it starts or stops is only a connection's end.
    [GeneratedRegex("^(?:warn|fail|crit): |^Unhandled exception| (?:WARNING|FATAL|PANIC):  (?!the database system is|terminating connection)", RegexOptions.CultureInvariant)]
    private static partial Regex Warning();

    private sealed class Channel(StreamWriter file)
    {
        public StreamWriter File { get; set; } = file;

        public Queue<string> Kept { get; } = new(KeptLines);
    }
}
