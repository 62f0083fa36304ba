namespace Media.Client.Uploading;

/// <summary>The parts that are still to be dealt with, lowest first, and where each lies in the file.</summary>
internal sealed class PartQueue
{
    private readonly Lock _gate = new();
    private readonly SortedSet<int> _waiting;
    private readonly long _size;
    private readonly long _partSize;

    public PartQueue(Upload upload, long size)
    {
        _size = size;
        if (upload.Plan.Strategy == PartStrategy.Single)
        {
            (Count, _partSize) = (1, size);
        }
        else if (upload.Plan is { Strategy: PartStrategy.Multipart, PartSize: { } partSize and > 0, PartCount: { } count and > 0 }
            && (size - 1) / partSize + 1 == count)
        {
            (Count, _partSize) = (count, partSize);
        }
        else
        {
            throw new MediaException(MediaErrors.UnexpectedAnswer, "The server's plan does not fit the file.");
        }

        _waiting = new SortedSet<int>(Enumerable.Range(1, Count));
    }

    public int Count { get; }

    public int? TryTake()
    {
        lock (_gate)
        {
            if (_waiting.Count == 0)
                return null;
            var part = _waiting.Min;
            _waiting.Remove(part);
            return part;
        }
    }

    /// <summary>The next parts in line, without taking them.</summary>
    public List<int> Peek(int most)
    {
        lock (_gate)
        {
            var next = new List<int>(Math.Min(most, _waiting.Count));
            foreach (var part in _waiting)
            {
                if (next.Count == most)
                    break;
                next.Add(part);
            }

            return next;
        }
    }

    public void PutBack(IEnumerable<int> parts)
    {
        lock (_gate)
        {
            foreach (var part in parts)
            {
                if (part < 1 || part > Count)
                    throw new MediaException(MediaErrors.UnexpectedAnswer, "The server names a part that the plan does not have.");
                _waiting.Add(part);
            }
        }
    }

    public (long Offset, long Length) RangeOf(int part)
    {
        var offset = (part - 1) * _partSize;
        return (offset, Math.Min(_partSize, _size - offset));
    }
}
