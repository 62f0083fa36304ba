namespace Media.Grains.Contents;

/// <summary>
/// Finds media types in bytes. Looks at the beginning of a file only, believes no name, and says nothing where it does not know: plain text has no mark.
/// What it finds is what a file begins as; that the rest of it is whole or harmless is not said by that.
/// </summary>
public static partial class TypeSniffer
{
    /// <summary>How many bytes of a file are looked at, at most.</summary>
    public const int HeadLength = 4_096;

    /// <summary>The media type that a file begins as.</summary>
    /// <param name="head">Its first bytes: <see cref="HeadLength"/> of them, or all where it has fewer.</param>
    /// <returns>The type in lower case and without parameters, or null where the bytes are of no known form.</returns>
    public static string? Detect(ReadOnlySpan<byte> head)
    {
        head = head[..Math.Min(head.Length, HeadLength)];
        return DetectSignature(head)
            ?? DetectIsoMedia(head)
            ?? DetectRiff(head)
            ?? DetectMatroska(head)
            ?? DetectOgg(head)
            ?? DetectZip(head)
            ?? DetectIcon(head)
            ?? DetectBitmap(head)
            ?? DetectPortableExecutable(head)
            ?? DetectMarkup(head)
            ?? DetectTransportStream(head)
            // Last, as its mark is a mere eleven bits.
            ?? DetectMpegAudio(head);
    }
}
