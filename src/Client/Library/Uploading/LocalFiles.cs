using Media.Fuji;

namespace Media.Client.Uploading;

/// <summary>Work on files of this machine that needs no server.</summary>
public static class LocalFiles
{
    /// <summary>Both Fuji hashes of a file, on all processors.</summary>
    /// <exception cref="MediaException">One of the <c>source_…</c> codes of <see cref="MediaErrors"/>.</exception>
    public static async Task<FujiHashes> HashAsync(string path, CancellationToken cancellationToken = default)
    {
        using var source = await SourceFile.OpenAsync(path, cancellationToken);
        try
        {
            var hashes = await FujiHash.FileAsync(source.Handle, cancellationToken: cancellationToken);
            source.ThrowIfChanged();
            return hashes;
        }
        catch (FujiException e) when (e.Error == FujiError.Empty)
        {
            throw new MediaException(MediaErrors.SourceEmpty, $"{path} is empty, and an empty file has no hash.", innerException: e);
        }
        catch (FujiException e)
        {
            throw new MediaException(MediaErrors.SourceChanged, $"{path} changed while it was read. Try again when it is at rest.", innerException: e);
        }
        catch (IOException e)
        {
            throw new MediaException(MediaErrors.SourceUnreadable, $"{path} can't be read: {e.Message}", innerException: e);
        }
    }

    /// <summary>What to create an upload of a file with: name, media type, size and tip hash. For creating many in one batch.</summary>
    /// <param name="path">The file.</param>
    /// <param name="contentType">Its media type; guessed from the name's extension unless told.</param>
    /// <param name="cancellationToken">Stops the reading.</param>
    /// <exception cref="MediaException">One of the <c>source_…</c> codes of <see cref="MediaErrors"/>.</exception>
    public static async Task<NewUpload> DescribeAsync(string path, string? contentType = null, CancellationToken cancellationToken = default)
    {
        using var source = await SourceFile.OpenAsync(path, cancellationToken);
        return await DescribeAsync(source, contentType, cancellationToken);
    }

    /// <summary>The answer to a challenge: the base32 of the SHA-256 of its nonce's characters and then its ranges' bytes.</summary>
    /// <remarks>
    /// Answer only for a file whose piece hash the upload was created with. The ranges are few, and a file that differs elsewhere answers right.
    /// </remarks>
    /// <exception cref="MediaException">One of the <c>source_…</c> codes, or <c>unexpected_answer</c>: the file has no such bytes.</exception>
    public static async Task<string> AnswerAsync(string path, UploadChallenge challenge, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(challenge);
        using var source = await SourceFile.OpenAsync(path, cancellationToken);
        return await ChallengeDigest.ComputeAsync(source, challenge, cancellationToken);
    }

    internal static async Task<NewUpload> DescribeAsync(SourceFile source, string? contentType, CancellationToken cancellationToken)
    {
        var tip = source.Size == 0 ? null : await source.TipAsync(cancellationToken);
        source.ThrowIfChanged();
        return new NewUpload(Path.GetFileName(source.Path), contentType ?? ContentTypes.Of(source.Path), source.Size) { TipHash = tip };
    }
}
