namespace Media.Fuji;

/// <summary>Takes the tip stripes out of a file's bytes as they go by in order.</summary>
internal sealed class TipCollector(FujiProtocol protocol, long size) : IDisposable
{
    private readonly TitledHash _hash = new(protocol.TipTitle, size);
    private readonly FujiRange[] _stripes = protocol.StripesOf(size);
    private int _next;

    public void Append(long offset, ReadOnlySpan<byte> bytes)
    {
        var end = offset + bytes.Length;
        while (_next < _stripes.Length && _stripes[_next].Start < end)
        {
            var stripe = _stripes[_next];
            var from = Math.Max(stripe.Start, offset);
            var to = Math.Min(stripe.End, end);
            _hash.Append(bytes[(int)(from - offset)..(int)(to - offset)]);
            if (stripe.End > end)
                return;
            _next++;
        }
    }

    public string Finish() => _hash.Finish();

    public void Dispose() => _hash.Dispose();
}
