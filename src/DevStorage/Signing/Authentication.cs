namespace Media.DevStorage.Signing;

internal enum PayloadKind
{
    /// <summary>Not covered by the signature.</summary>
    Unsigned,

    /// <summary>The whole body's SHA-256 is in the signature.</summary>
    Hashed,

    /// <summary><c>aws-chunked</c>, every chunk signed.</summary>
    SignedChunks,

    /// <summary><c>aws-chunked</c>, every chunk and the trailer signed.</summary>
    SignedChunksWithTrailer,

    /// <summary><c>aws-chunked</c> without signatures, with a trailer.</summary>
    ChunksWithTrailer,
}

/// <summary>Who sent a request, and what its signature says of the body.</summary>
internal sealed record Authentication(string AccessKey, bool Presigned, PayloadKind Payload)
{
    /// <summary>The claimed SHA-256 of the body in lower-case hex, for <see cref="PayloadKind.Hashed"/>.</summary>
    public string? PayloadSha256 { get; init; }

    /// <summary>Checks chunk signatures, for the signed chunked kinds.</summary>
    public ChunkSigner? Chunks { get; init; }
}

/// <summary>The chain of chunk signatures of one request: each signs the one before it.</summary>
internal sealed class ChunkSigner(byte[] signingKey, string timestamp, CredentialScope scope, string seedSignature)
{
    private string _previous = seedSignature;

    /// <param name="sha256">SHA-256 of the chunk, lower-case hex.</param>
    /// <param name="signature">As given with the chunk.</param>
    public bool Accepts(string sha256, string signature) => Accepts("AWS4-HMAC-SHA256-PAYLOAD", $"{SignatureV4.EmptyPayload}\n{sha256}", signature);

    /// <param name="sha256">SHA-256 of the trailer's canonical lines, lower-case hex.</param>
    /// <param name="signature">As given in the trailer.</param>
    public bool AcceptsTrailer(string sha256, string signature) => Accepts("AWS4-HMAC-SHA256-TRAILER", sha256, signature);

    private bool Accepts(string kind, string hashes, string signature)
    {
        var computed = SignatureV4.Sign(signingKey, $"{kind}\n{timestamp}\n{scope}\n{_previous}\n{hashes}");
        _previous = computed;
        return SignatureV4.Matches(computed, signature);
    }
}
