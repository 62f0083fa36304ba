using System.Collections.Immutable;
using System.Globalization;
using Media.Grains.Ports;
using Media.Grains.Uploads;

namespace Media.Grains.Tests.Support;

/// <summary>Says in the URL what it was asked to sign.</summary>
internal sealed class PlainSigner(TimeProvider time) : IUrlSigner
{
    public ValueTask<ImmutableArray<SignedPart>> SignPartsAsync(
        string key, string uploadId, ImmutableArray<PartToSign> parts, TimeSpan lifetime, CancellationToken cancellationToken) =>
        ValueTask.FromResult<ImmutableArray<SignedPart>>(
            [.. parts.Select(part => Signed(part.Part, $"{key}?uploadId={uploadId}&partNumber={part.Part}{(part.Sha256 is { } sha ? "&sha256=" + sha : "")}", part.Length, lifetime))]);

    public ValueTask<SignedPart> SignPutAsync(string key, ObjectHeaders headers, long? length, TimeSpan lifetime, CancellationToken cancellationToken) =>
        ValueTask.FromResult(Signed(1, key, length, lifetime));

    public ValueTask<SignedForm> SignFormAsync(
        string key, ObjectHeaders headers, LengthRange length, TimeSpan lifetime, CancellationToken cancellationToken) =>
        ValueTask.FromResult(new SignedForm(
            "form",
            ImmutableDictionary<string, string>.Empty
                .Add("key", key)
                .Add("min", length.Least.ToString(CultureInfo.InvariantCulture))
                .Add("max", length.Most.ToString(CultureInfo.InvariantCulture)),
            time.GetUtcNow() + lifetime));

    private SignedPart Signed(int part, string url, long? length, TimeSpan lifetime) => new(
        part,
        url,
        time.GetUtcNow() + lifetime,
        length is null
            ? ImmutableDictionary<string, string>.Empty
            : ImmutableDictionary<string, string>.Empty.Add("content-length", length.Value.ToString(CultureInfo.InvariantCulture)));
}
