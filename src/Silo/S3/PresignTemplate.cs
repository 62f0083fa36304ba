using System.Buffers;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace Media.Silo.S3;

/// <summary>
/// Everything about presigned URLs that does not depend on the part number: signing one costs two hashes and the URL's own string.
/// Made by <see cref="SigV4Presigner"/>; safe for use by many threads.
/// </summary>
internal sealed class PresignTemplate(
    byte[] beforePart, byte[] afterPart, byte[] beforeHash, byte[] signingKey, string urlBeforePart, string urlAfterPart, bool hasPart)
{
    private const int HexLength = SHA256.HashSizeInBytes * 2;
    private const int MostDigits = 10;
    private const int MostOnStack = 2_048;

    /// <summary>Signs one URL.</summary>
    /// <param name="part">Part number; null where, and only where, the template is for a whole object.</param>
    public string Sign(int? part)
    {
        if (part.HasValue != hasPart) throw new ArgumentException("A part number goes with an upload id.", nameof(part));
        var length = beforePart.Length + MostDigits + afterPart.Length;
        var rented = length > MostOnStack ? ArrayPool<byte>.Shared.Rent(length) : null;
        var request = rented ?? stackalloc byte[MostOnStack];

        beforePart.CopyTo(request);
        var digits = 0;
        if (part is { } number && !number.TryFormat(request[beforePart.Length..], out digits, default, CultureInfo.InvariantCulture))
            throw new ArgumentOutOfRangeException(nameof(part));
        afterPart.CopyTo(request[(beforePart.Length + digits)..]);

        Span<byte> hash = stackalloc byte[SHA256.HashSizeInBytes];
        SHA256.HashData(request[..(beforePart.Length + digits + afterPart.Length)], hash);

        // The request is hashed; its buffer takes the string to sign.
        beforeHash.CopyTo(request);
        Convert.TryToHexStringLower(hash, request[beforeHash.Length..], out _);
        HMACSHA256.HashData(signingKey, request[..(beforeHash.Length + HexLength)], hash);

        var url = Assemble(request.Slice(0, HexLength), hash, part, digits);
        if (rented is not null) ArrayPool<byte>.Shared.Return(rented);
        return url;
    }

    private string Assemble(Span<byte> scratch, ReadOnlySpan<byte> signature, int? part, int digits)
    {
        Convert.TryToHexStringLower(signature, scratch, out _);
        var parts = new UrlParts(urlBeforePart, part ?? 0, digits, urlAfterPart, scratch);
        return string.Create(urlBeforePart.Length + digits + urlAfterPart.Length + HexLength, parts, static (target, parts) =>
        {
            parts.Before.CopyTo(target);
            target = target[parts.Before.Length..];
            if (parts.Digits > 0) parts.Part.TryFormat(target, out _, default, CultureInfo.InvariantCulture);
            target = target[parts.Digits..];
            parts.After.CopyTo(target);
            Encoding.ASCII.GetChars(parts.Signature, target[parts.After.Length..]);
        });
    }

    private readonly ref struct UrlParts(string before, int part, int digits, string after, ReadOnlySpan<byte> signature)
    {
        public readonly string Before = before;
        public readonly int Part = part;
        public readonly int Digits = digits;
        public readonly string After = after;
        public readonly ReadOnlySpan<byte> Signature = signature;
    }
}
