using System.Collections.Immutable;
using Media.Grains.Ports;
using Media.Grains.Results;

namespace Media.Grains.Uploads;

/// <summary>URLs and forms by which the bytes come. Nothing is written for them, so a session of 10 000 parts costs as many writes as one of a single part.</summary>
internal sealed partial class UploadSessionGrain
{
    public Task<Result<SignedParts>> SignPartsAsync(Caller caller, ImmutableArray<int> parts, CancellationToken cancellationToken) =>
        HeldTurnAsync<SignedParts>(
            caller,
            async () => UnfitForSigning(parts, PartChecksum.None) is { } refusal ? refusal : new SignedParts(await SignAsync(parts, cancellationToken)),
            cancellationToken);

    public Task<Result<SignedParts>> SignCheckedPartsAsync(Caller caller, ImmutableArray<CheckedPart> parts, CancellationToken cancellationToken) =>
        HeldTurnAsync<SignedParts>(
            caller,
            async () =>
            {
                if (UnfitForSigning(parts.Select(part => part.Part), PartChecksum.Sha256) is { } refusal)
                    return refusal;
                var toSign = parts.Select(part => ToSign(part.Part) with { Sha256 = part.Checksum });
                return new SignedParts(await signer.SignPartsAsync(State.Key, State.UploadId!, [.. toSign], options.UrlLifetime, cancellationToken));
            },
            cancellationToken);

    public Task<Result<SignedForm>> SignFormAsync(Caller caller, CancellationToken cancellationToken) =>
        HeldTurnAsync<SignedForm>(
            caller,
            async () =>
            {
                if (State.Plan.Strategy != UploadStrategy.Single)
                    return new Refusal(RefusalCode.WrongState, "Only a file that goes in one piece goes by a form.") { Tag = Tag };
                return UnfitForSigning([], PartChecksum.None) is { } refusal ? refusal : await FormAsync(cancellationToken);
            },
            cancellationToken);

    /// <summary>Why no URLs can be signed for these parts, or null.</summary>
    private Refusal? UnfitForSigning(IEnumerable<int> parts, PartChecksum checksum)
    {
        if (State.State is not (UploadState.Created or UploadState.Uploading) || State.Plan.Strategy == UploadStrategy.Form)
            return WrongState();
        if (State is { Challenge: not null, UploadId: null })
            return new Refusal(RefusalCode.WrongState, "The upload's challenge is to be answered or turned down first.") { Tag = Tag };
        if (checksum != State.Plan.Checksum)
        {
            return Refusal.Field("checksums", State.Plan.Checksum == PartChecksum.None
                ? "This upload's parts have no checksums: name the parts alone."
                : "This upload's parts have checksums: name each part with its SHA-256.");
        }

        foreach (var part in parts)
        {
            if (part < 1 || part > State.Plan.LastPart)
                return new Refusal(RefusalCode.InvalidPart, $"Part numbers go from 1 to {State.Plan.LastPart}.") { Parts = [part] };
        }

        return null;
    }

    private async Task<ImmutableArray<SignedPart>> SignAsync(ImmutableArray<int> parts, CancellationToken cancellationToken)
    {
        if (parts.IsEmpty)
            return [];
        if (State.UploadId is not { } uploadId)
        {
            // An empty file is not read back, and its object stays where it is: nothing else may be put there while the URL is good.
            var length = options.SignContentLength || State.Size == 0 ? State.Size : null;
            return [await signer.SignPutAsync(State.Key, Headers(), length, options.UrlLifetime, cancellationToken)];
        }

        return await signer.SignPartsAsync(State.Key, uploadId, [.. parts.Select(ToSign)], options.UrlLifetime, cancellationToken);
    }

    private PartToSign ToSign(int part) => new(part, options.SignContentLength ? State.Plan.SizeOf(part, State.Size) : null);

    private ValueTask<SignedForm> FormAsync(CancellationToken cancellationToken)
    {
        var size = State.Size ?? throw new InvalidOperationException("A file that goes in one piece has a size.");
        return signer.SignFormAsync(State.Key, Headers(), new LengthRange(size, size), options.UrlLifetime, cancellationToken);
    }

    private ObjectHeaders Headers()
    {
        // User metadata is limited to 2 KB in all; the session has the name whatever its length.
        var metadata = State.EncodedFileName.Length <= 1_024
            ? ImmutableDictionary<string, string>.Empty.Add("file-name", State.EncodedFileName)
            : ImmutableDictionary<string, string>.Empty;
        return new ObjectHeaders(State.ContentType, metadata);
    }
}
