using System.Diagnostics.CodeAnalysis;

namespace Media.Fuji;

/// <summary>Why there is no Fuji hash.</summary>
public enum FujiError
{
    /// <summary>The file has no bytes: an empty file has no Fuji hash.</summary>
    Empty,

    /// <summary>The content ended before the size it was announced with.</summary>
    TooShort,

    /// <summary>The content runs on past the size it was announced with.</summary>
    TooLong,

    /// <summary>A checkpoint belongs to another size or unit, or its bytes are damaged.</summary>
    BadCheckpoint,
}

/// <summary>A hash was refused; <see cref="Error"/> says why.</summary>
[SuppressMessage("Design", "CA1032:Implement standard exception constructors", Justification = "An error without its reason is of no use.")]
public sealed class FujiException : Exception
{
    /// <summary>Makes the exception.</summary>
    public FujiException(FujiError error, string message, Exception? innerException = null)
        : base(message, innerException) => Error = error;

    /// <summary>The reason.</summary>
    public FujiError Error { get; }

    internal static void ThrowIfEmpty(long size)
    {
        if (size < 1)
            throw new FujiException(FujiError.Empty, "An empty file has no Fuji hash.");
    }

    internal static FujiException TooShort(long expected, long actual) =>
        new(FujiError.TooShort, FormattableString.Invariant($"The content ends at {actual} bytes, {expected} were announced."));

    internal static FujiException TooLong(long expected) =>
        new(FujiError.TooLong, FormattableString.Invariant($"The content runs on past the {expected} bytes that were announced."));

    internal static FujiException RangeTooLong(long start, long end) =>
        new(FujiError.TooLong, FormattableString.Invariant($"More bytes than the range {start} to {end} came back."));
}
