namespace Media.AppHost.Processes;

/// <summary>The last lines a child printed, and who waits for one.</summary>
internal sealed class OutputLog
{
    private const int Capacity = 500;

    private readonly Lock _gate = new();
    private readonly Queue<string> _lines = new(Capacity);
    private readonly List<(Func<string, bool> Matches, TaskCompletionSource<string> Found)> _waiters = [];
    private bool _ended;

    /// <summary>The last lines, oldest first.</summary>
    public IReadOnlyList<string> Lines
    {
        get
        {
            lock (_gate)
                return [.. _lines];
        }
    }

    public void Add(string line)
    {
        lock (_gate)
        {
            if (_lines.Count == Capacity)
                _lines.Dequeue();
            _lines.Enqueue(line);
            for (var i = _waiters.Count - 1; i >= 0; i--)
            {
                if (!_waiters[i].Matches(line))
                    continue;
                _waiters[i].Found.TrySetResult(line);
                _waiters.RemoveAt(i);
            }
        }
    }

    /// <summary>There will be no more lines: whoever still waits is told so.</summary>
    public void End()
    {
        lock (_gate)
        {
            _ended = true;
            foreach (var (_, found) in _waiters)
                found.TrySetException(Missing());
            _waiters.Clear();
        }
    }

    /// <summary>The first line, of those kept or to come, that matches.</summary>
    /// <exception cref="EndOfStreamException">The output ended without one.</exception>
    public Task<string> WaitForAsync(Func<string, bool> matches)
    {
        lock (_gate)
        {
            foreach (var line in _lines)
            {
                if (matches(line))
                    return Task.FromResult(line);
            }

            if (_ended)
                return Task.FromException<string>(Missing());
            var found = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiters.Add((matches, found));
            return found.Task;
        }
    }

    private EndOfStreamException Missing() =>
        new($"The output ended without the awaited line:{Environment.NewLine}{string.Join(Environment.NewLine, _lines)}");
}
