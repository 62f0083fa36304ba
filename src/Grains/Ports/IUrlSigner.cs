using System.Collections.Immutable;
using Media.Grains.Uploads;

namespace Media.Grains.Ports;

/// <summary>Signs URLs that let their bearer put bytes into the bucket. Computes only; asks nobody but the credentials' source.</summary>
public interface IUrlSigner
{
    /// <summary>Signs one PUT each for parts of a multipart upload.</summary>
    /// <param name="key">The object's key.</param>
    /// <param name="uploadId">The upload.</param>
    /// <param name="parts">What is signed for each part, in order.</param>
    /// <param name="lifetime">How long the URLs are good for, at most 7 days.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask<ImmutableArray<SignedPart>> SignPartsAsync(
        string key, string uploadId, ImmutableArray<PartToSign> parts, TimeSpan lifetime, CancellationToken cancellationToken);

    /// <summary>Signs a PUT of a whole object, as part 1.</summary>
    /// <param name="key">The object's key.</param>
    /// <param name="headers">What the object is stored with; the bearer has to send it as signed headers.</param>
    /// <param name="length">Bytes, signed as Content-Length where not null.</param>
    /// <param name="lifetime">How long the URL is good for, at most 7 days.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask<SignedPart> SignPutAsync(string key, ObjectHeaders headers, long? length, TimeSpan lifetime, CancellationToken cancellationToken);

    /// <summary>Signs a form for a POST of a whole object.</summary>
    /// <param name="key">The object's key.</param>
    /// <param name="headers">What the object is stored with.</param>
    /// <param name="length">How many bytes the store may take.</param>
    /// <param name="lifetime">How long the form is good for, at most 7 days.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask<SignedForm> SignFormAsync(string key, ObjectHeaders headers, LengthRange length, TimeSpan lifetime, CancellationToken cancellationToken);
}

/// <summary>What is signed for a part.</summary>
/// <param name="Part">Part number.</param>
/// <param name="Length">Bytes, signed as Content-Length, or null to leave the length open.</param>
/// <param name="Sha256">The SHA-256 of its bytes in base64, for an upload with checksums; else null.</param>
public readonly record struct PartToSign(int Part, long? Length, string? Sha256 = null);

/// <summary>How many bytes an object may have.</summary>
/// <param name="Least">At least.</param>
/// <param name="Most">At most.</param>
public readonly record struct LengthRange(long Least, long Most);
