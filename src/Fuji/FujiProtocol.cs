namespace Media.Fuji;

/// <summary>
/// The parameters of the Fuji hashes: what each hash's title begins with and how long its unit is.
/// <see cref="Default"/> is the one protocol that files are known by; others exist so that the arithmetic can be checked with small units.
/// </summary>
public sealed record FujiProtocol
{
    /// <summary>The protocol of every stored file: 4 KiB tip stripes and 4 MiB pieces.</summary>
    public static FujiProtocol Default { get; } = new("Fuji.Tips.SHA256.4KiB.", 4 * 1024, "Fuji.Pieces.SHA256.4MiB.", 4 * 1024 * 1024);

    /// <summary>Makes a protocol.</summary>
    /// <param name="tipTitle">What the tip hash's title begins with; ASCII, ending in a full stop by convention.</param>
    /// <param name="tipUnit">Length of a tip stripe in bytes, at least 1.</param>
    /// <param name="pieceTitle">What the piece hash's title begins with; ASCII.</param>
    /// <param name="pieceUnit">Length of a piece in bytes, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">A unit is below 1.</exception>
    /// <exception cref="ArgumentException">A title is not ASCII.</exception>
    public FujiProtocol(string tipTitle, int tipUnit, string pieceTitle, int pieceUnit)
    {
        ArgumentNullException.ThrowIfNull(tipTitle);
        ArgumentNullException.ThrowIfNull(pieceTitle);
        ArgumentOutOfRangeException.ThrowIfLessThan(tipUnit, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(pieceUnit, 1);
        if (!System.Text.Ascii.IsValid(tipTitle))
            throw new ArgumentException("A title is ASCII.", nameof(tipTitle));
        if (!System.Text.Ascii.IsValid(pieceTitle))
            throw new ArgumentException("A title is ASCII.", nameof(pieceTitle));

        TipTitle = tipTitle;
        TipUnit = tipUnit;
        PieceTitle = pieceTitle;
        PieceUnit = pieceUnit;
    }

    /// <summary>What the tip hash's title begins with; the size and a full stop follow.</summary>
    public string TipTitle { get; }

    /// <summary>Length of a tip stripe, in bytes.</summary>
    public int TipUnit { get; }

    /// <summary>What the piece hash's title begins with; the size and a full stop follow.</summary>
    public string PieceTitle { get; }

    /// <summary>Length of a piece, in bytes; the last piece of a file is what remains.</summary>
    public int PieceUnit { get; }

    /// <summary>How many pieces a file of <paramref name="size"/> bytes has.</summary>
    /// <exception cref="FujiException"><see cref="FujiError.Empty"/>: the size is below 1.</exception>
    public long PieceCount(long size)
    {
        FujiException.ThrowIfEmpty(size);
        return (size - 1) / PieceUnit + 1;
    }

    /// <summary>The ranges whose bytes make up the tip hash of a file of <paramref name="size"/> bytes, in file order, never overlapping.</summary>
    /// <exception cref="FujiException"><see cref="FujiError.Empty"/>: the size is below 1.</exception>
    public IReadOnlyList<FujiRange> TipStripes(long size) => StripesOf(size);

    internal FujiRange[] StripesOf(long size)
    {
        FujiException.ThrowIfEmpty(size);
        long unit = TipUnit;
        if (size <= 4 * unit)
            return [new FujiRange(0, size)];

        var middle = size / (2 * unit) * unit;
        var last = (size - 1) / unit * unit;
        var penultimate = last - unit;
        return
        [
            new FujiRange(0, unit),
            new FujiRange(middle, middle + unit),
            new FujiRange(penultimate, last),
            new FujiRange(last, size),
        ];
    }
}
