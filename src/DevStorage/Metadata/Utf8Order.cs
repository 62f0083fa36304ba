namespace Media.DevStorage.Metadata;

/// <summary>
/// Compares UTF-16 strings in the order of their UTF-8 bytes, which is the order S3 lists in. It differs from ordinal order
/// only where a surrogate meets U+E000 to U+FFFF.
/// </summary>
internal sealed class Utf8Order : IComparer<string>
{
    public static readonly Utf8Order Instance = new();

    public int Compare(string? x, string? y) => CompareSpans(x, y);

    public static int CompareSpans(ReadOnlySpan<char> x, ReadOnlySpan<char> y)
    {
        var common = x.CommonPrefixLength(y);
        if (common == x.Length || common == y.Length)
            return x.Length - y.Length;
        return Weight(x[common]) - Weight(y[common]);
    }

    private static int Weight(char c) => c switch
    {
        < '\ud800' => c,
        >= '\ue000' => c - 0x800,
        _ => c + 0x2000,
    };
}
