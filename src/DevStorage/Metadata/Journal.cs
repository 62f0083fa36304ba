using System.Buffers;
using System.Globalization;
using System.Text.Json;
using Microsoft.Win32.SafeHandles;

namespace Media.DevStorage.Metadata;

/// <summary>
/// The store's memory across restarts: an append-only log of records, each framed by its length and CRC-32C, and from time to time a
/// snapshot that lets the older logs go. Records that arrive while one flush is under way share the next (group commit).
/// <c>N.snapshot</c> holds everything before <c>N.log</c>.
/// </summary>
internal sealed class Journal : IDisposable
{
    private readonly string _folder;
    private readonly Disk _disk;
    private readonly Action _beforeFlush;
    private readonly Lock _gate = new();
    private readonly SemaphoreSlim _signal = new(0);
    private readonly Thread _writer;
    private readonly ArrayBufferWriter<byte> _buffer = new(1 << 16);
    private Batch? _pending;
    private SafeFileHandle? _log;
    private long _position;
    private long _nextNumber;
    private Task? _writing;
    private bool _closing;
    private Exception? _failure;

    /// <summary>Opens the journal, handing every record it holds to <paramref name="replay"/> in order.</summary>
    public Journal(string folder, Disk disk, Action beforeFlush, Action<JournalRecord> replay)
    {
        _folder = folder;
        _disk = disk;
        _beforeFlush = beforeFlush;
        Directory.CreateDirectory(folder);
        Number = _nextNumber = Replay(replay) + 1;
        OpenLog();
        _writer = new Thread(Run) { IsBackground = true, Name = "journal" };
        _writer.Start();
    }

    /// <summary>The number of the log that is written now.</summary>
    public long Number { get; private set; }

    /// <summary>Bytes in the logs since the last snapshot.</summary>
    public long LogBytes { get; private set; }

    public long SnapshotBytes { get; private set; }

    /// <summary>How many logs were read at the start; every start begins a new one.</summary>
    public int LogsReplayed { get; private set; }

    /// <summary>Done when everything appended so far is durable.</summary>
    public Task Barrier
    {
        get
        {
            lock (_gate)
            {
                return _pending?.Done.Task ?? _writing ?? Task.CompletedTask;
            }
        }
    }

    /// <summary>Queues a record; the task is done when it is durable. Callers hold the catalog's lock, which gives records their order.</summary>
    public Task Append(JournalRecord record) => Enqueue(record);

    /// <summary>Starts the next log at this point in the order of records; gives its number.</summary>
    public (long Number, Task Done) Rotate()
    {
        lock (_gate)
        {
            return (++_nextNumber, Enqueue(record: null));
        }
    }

    /// <summary>Writes the state as of the start of log <paramref name="number"/> beside, flushes, renames, and lets older files go.</summary>
    public void WriteSnapshot(long number, IEnumerable<JournalRecord> records)
    {
        var path = PathOf(number, "snapshot");
        var beside = path + ".tmp";
        long written = 0;
        using (var file = File.OpenHandle(beside, FileMode.Create, FileAccess.Write))
        {
            var buffer = new ArrayBufferWriter<byte>(1 << 20);
            foreach (var record in records)
            {
                JournalFrames.Write(buffer, record);
                if (buffer.WrittenCount < 1 << 20)
                    continue;
                RandomAccess.Write(file, buffer.WrittenSpan, written);
                written += buffer.WrittenCount;
                buffer.ResetWrittenCount();
            }

            RandomAccess.Write(file, buffer.WrittenSpan, written);
            written += buffer.WrittenCount;
            _disk.Flush(file);
        }

        File.Move(beside, path, overwrite: true);
        _disk.FlushFolder(_folder);
        SnapshotBytes = written;
        foreach (var (old, name) in Files())
        {
            if (old < number)
                File.Delete(name);
        }
    }

    public void Dispose()
    {
        lock (_gate)
        {
            _closing = true;
        }

        _signal.Release();
        _writer.Join();
        _log?.Dispose();
        _signal.Dispose();
    }

    private Task Enqueue(JournalRecord? record)
    {
        lock (_gate)
        {
            if (_failure is not null || _closing)
                return Task.FromException(new IOException("the journal no longer takes writes", _failure));
            if (_pending is null)
            {
                _pending = new Batch();
                _signal.Release();
            }

            _pending.Records.Add(record);
            return _pending.Done.Task;
        }
    }

    private void Run()
    {
        while (true)
        {
            _signal.Wait();
            Batch? batch;
            lock (_gate)
            {
                batch = _pending;
                _pending = null;
                _writing = batch?.Done.Task;
                if (batch is null && _closing)
                    return;
            }

            if (batch is null)
                continue;
            try
            {
                Write(batch);
                batch.Done.SetResult();
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
            {
                Fail(batch, e);
            }
        }
    }

    // Memory is ahead of the disk now and can't be taken back: nothing more is acknowledged until a restart reads what is there.
    private void Fail(Batch batch, Exception e)
    {
        Batch? next;
        lock (_gate)
        {
            _failure = e;
            next = _pending;
            _pending = null;
        }

        batch.Done.SetException(e);
        next?.Done.SetException(e);
    }

    private void Write(Batch batch)
    {
        _beforeFlush();
        foreach (var record in batch.Records)
        {
            if (record is not null)
            {
                JournalFrames.Write(_buffer, record);
                continue;
            }

            WriteBuffer();
            _disk.Flush(_log!);
            _log!.Dispose();
            Number++;
            LogBytes = 0;
            OpenLog();
        }

        WriteBuffer();
        _disk.Flush(_log!);
    }

    private void WriteBuffer()
    {
        RandomAccess.Write(_log!, _buffer.WrittenSpan, _position);
        _position += _buffer.WrittenCount;
        LogBytes += _buffer.WrittenCount;
        _buffer.ResetWrittenCount();
    }

    private void OpenLog()
    {
        _log = File.OpenHandle(PathOf(Number, "log"), FileMode.Create, FileAccess.Write, FileShare.Read);
        _position = 0;
        _disk.FlushFolder(_folder);
    }

    private long Replay(Action<JournalRecord> replay)
    {
        foreach (var leftover in Directory.EnumerateFiles(_folder, "*.tmp"))
            File.Delete(leftover);
        var files = Files().ToList();
        var start = files.Where(f => f.Name.EndsWith(".snapshot", StringComparison.Ordinal)).Select(f => f.Number).DefaultIfEmpty(0).Max();
        if (start > 0)
            SnapshotBytes = JournalFrames.Read(PathOf(start, "snapshot"), replay, torn: false);
        long last = start;
        foreach (var (number, name) in files.Where(f => f.Name.EndsWith(".log", StringComparison.Ordinal)).OrderBy(f => f.Number))
        {
            last = Math.Max(last, number);
            if (number < start)
                continue;
            LogsReplayed++;
            LogBytes += JournalFrames.Read(name, replay, torn: true);
        }

        return last;
    }

    private IEnumerable<(long Number, string Name)> Files()
    {
        foreach (var name in Directory.GetFiles(_folder))
        {
            if (long.TryParse(Path.GetFileNameWithoutExtension(name), NumberStyles.None, CultureInfo.InvariantCulture, out var number))
                yield return (number, name);
        }
    }

    private string PathOf(long number, string kind) =>
        Path.Combine(_folder, string.Create(CultureInfo.InvariantCulture, $"{number:D10}.{kind}"));

    private sealed class Batch
    {
        public List<JournalRecord?> Records { get; } = [];

        public TaskCompletionSource Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
