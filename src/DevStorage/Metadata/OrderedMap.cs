using System.Diagnostics.CodeAnalysis;

namespace Media.DevStorage.Metadata;

/// <summary>
/// A map from keys to values that is read in UTF-8 order from any point on: blocks of a few hundred sorted entries, so that an
/// insertion moves little and a listing runs through memory in order. Not thread-safe; its owner locks.
/// </summary>
internal sealed class OrderedMap<TValue> where TValue : class
{
    private const int BlockSize = 256;

    private readonly List<Block> _blocks = [];

    public int Count { get; private set; }

    public bool TryGet(string key, [NotNullWhen(true)] out TValue? value)
    {
        value = null;
        var b = BlockOf(key);
        if (b < 0)
            return false;
        var i = _blocks[b].Find(key);
        if (i < 0)
            return false;
        value = _blocks[b].Values[i];
        return true;
    }

    public void Set(string key, TValue value)
    {
        if (_blocks.Count == 0)
            _blocks.Add(new Block());
        var b = Math.Max(0, BlockOf(key));
        var block = _blocks[b];
        var i = block.Find(key);
        if (i >= 0)
        {
            block.Values[i] = value;
            return;
        }

        i = ~i;
        if (block.Count == BlockSize)
        {
            // Keys that arrive in order fill their blocks: only an insertion in the middle halves one.
            var at = b == _blocks.Count - 1 && i == BlockSize ? BlockSize : BlockSize / 2;
            var right = block.SplitAt(at);
            _blocks.Insert(b + 1, right);
            if (i > at || at == BlockSize)
            {
                block = right;
                i -= at;
            }
        }

        block.InsertAt(i, key, value);
        Count++;
    }

    public bool Remove(string key)
    {
        var b = BlockOf(key);
        if (b < 0)
            return false;
        var i = _blocks[b].Find(key);
        if (i < 0)
            return false;
        _blocks[b].RemoveAt(i);
        if (_blocks[b].Count == 0)
            _blocks.RemoveAt(b);
        Count--;
        return true;
    }

    /// <summary>A cursor before the first entry whose key is at or after <paramref name="key"/>.</summary>
    public Cursor From(string key) => Seek(k => Utf8Order.CompareSpans(k, key) < 0);

    /// <summary>A cursor before the first entry whose key is after <paramref name="key"/>.</summary>
    public Cursor After(string key) => Seek(k => Utf8Order.CompareSpans(k, key) <= 0);

    /// <summary>A cursor before the first entry that is after every key with <paramref name="prefix"/>.</summary>
    public Cursor AfterPrefix(string prefix) =>
        Seek(k => k.StartsWith(prefix, StringComparison.Ordinal) || Utf8Order.CompareSpans(k, prefix) < 0);

    private Cursor Seek(Func<string, bool> isBefore)
    {
        int low = 0, high = _blocks.Count;
        while (low < high)
        {
            var mid = (low + high) / 2;
            if (isBefore(_blocks[mid].Keys[_blocks[mid].Count - 1]))
                low = mid + 1;
            else
                high = mid;
        }

        if (low == _blocks.Count)
            return new Cursor(this, low, -1);
        var block = _blocks[low];
        int first = 0, last = block.Count;
        while (first < last)
        {
            var mid = (first + last) / 2;
            if (isBefore(block.Keys[mid]))
                first = mid + 1;
            else
                last = mid;
        }

        return new Cursor(this, low, first - 1);
    }

    // The last block whose first key is at or before the key; -1 when the key is before them all.
    private int BlockOf(string key)
    {
        int low = 0, high = _blocks.Count;
        while (low < high)
        {
            var mid = (low + high) / 2;
            if (Utf8Order.CompareSpans(_blocks[mid].Keys[0], key) <= 0)
                low = mid + 1;
            else
                high = mid;
        }

        return low - 1;
    }

    /// <summary>A place in the map; good until the map changes.</summary>
    public struct Cursor(OrderedMap<TValue> map, int block, int index)
    {
        private int _block = block;
        private int _index = index;

        public readonly string Key => map._blocks[_block].Keys[_index];

        public readonly TValue Value => map._blocks[_block].Values[_index];

        public bool MoveNext()
        {
            if (_block >= map._blocks.Count)
                return false;
            if (++_index < map._blocks[_block].Count)
                return true;
            _index = 0;
            return ++_block < map._blocks.Count;
        }
    }

    private sealed class Block
    {
        public readonly string[] Keys = new string[BlockSize];
        public readonly TValue[] Values = new TValue[BlockSize];

        public int Count { get; private set; }

        public int Find(string key) => Array.BinarySearch(Keys, 0, Count, key, Utf8Order.Instance);

        public void InsertAt(int i, string key, TValue value)
        {
            Array.Copy(Keys, i, Keys, i + 1, Count - i);
            Array.Copy(Values, i, Values, i + 1, Count - i);
            Keys[i] = key;
            Values[i] = value;
            Count++;
        }

        public void RemoveAt(int i)
        {
            Count--;
            Array.Copy(Keys, i + 1, Keys, i, Count - i);
            Array.Copy(Values, i + 1, Values, i, Count - i);
            Keys[Count] = null!;
            Values[Count] = null!;
        }

        public Block SplitAt(int at)
        {
            var right = new Block { Count = Count - at };
            Array.Copy(Keys, at, right.Keys, 0, right.Count);
            Array.Copy(Values, at, right.Values, 0, right.Count);
            Array.Clear(Keys, at, right.Count);
            Array.Clear(Values, at, right.Count);
            Count = at;
            return right;
        }
    }
}
