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
}
