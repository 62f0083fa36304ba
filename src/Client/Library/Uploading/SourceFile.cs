using Media.Client.Hashing;
using Media.Fuji;
using Microsoft.Win32.SafeHandles;

namespace Media.Client.Uploading;

/// <summary>The file that is uploaded, held open, with its size and time of change at the start.</summary>
internal sealed class SourceFile : IDisposable
{
    // A regular file opens at once; a pipe opens when its other end does, which may be never.
    private static readonly TimeSpan OpenLimit = TimeSpan.FromSeconds(10);

    private readonly SafeFileHandle _handle;
    private readonly DateTime _changedAt;

    private SourceFile(string path, SafeFileHandle handle)
    {
        Path = path;
        _handle = handle;
        Size = RandomAccess.GetLength(handle);
        _changedAt = File.GetLastWriteTimeUtc(handle);
    }

    public string Path { get; }

    public long Size { get; }

    public SafeFileHandle Handle => _handle;

    /// <summary>The file's tip hash; it is not empty.</summary>
    public async Task<string> TipAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await FujiHash.TipAsync(Read, Size, cancellationToken: cancellationToken);
        }
        catch (FujiException e)
        {
            throw Changed(e);
        }
    }

    /// <exception cref="MediaException">There is no such file, it is none, or it can't be read.</exception>
    public static async Task<SourceFile> OpenAsync(string path, CancellationToken cancellationToken)
    {
        if (Directory.Exists(path))
            throw new MediaException(MediaErrors.SourceNotAFile, $"{path} is a folder.");
        SafeFileHandle? handle = null;
        try
        {
            handle = await Task.Run(() => File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete), cancellationToken)
                .WaitAsync(OpenLimit, cancellationToken);
            var file = new SourceFile(path, handle);
            // Devices and the kernel's own files have bytes but no size.
            if (file.Size == 0 && RandomAccess.Read(handle, new byte[1], 0) > 0)
                throw new NotSupportedException();
            handle = null;
            return file;
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new MediaException(MediaErrors.SourceMissing, $"There is no file {path}.", innerException: e);
        }
        catch (Exception e) when (e is NotSupportedException or TimeoutException)
        {
            throw new MediaException(MediaErrors.SourceNotAFile, $"{path} is not a regular file.", innerException: e);
        }
        catch (Exception e) when (e is UnauthorizedAccessException or IOException or ArgumentException)
        {
            throw new MediaException(MediaErrors.SourceUnreadable, $"{path} can't be read: {e.Message}", innerException: e);
        }
        finally
        {
            handle?.Dispose();
        }
    }

    /// <summary>Reads bytes of the file; where it is shorter by now, it has changed.</summary>
    public async ValueTask<int> ReadAsync(Memory<byte> buffer, long offset, CancellationToken cancellationToken)
    {
        try
        {
            var read = await RandomAccess.ReadAsync(_handle, buffer, offset, cancellationToken);
            return read > 0 ? read : throw Changed();
        }
        catch (IOException e)
        {
            throw Unreadable(e);
        }
    }

    /// <summary>The file's piece hash: what did not go by on its way to the store is read now.</summary>
    public async Task<string> FinishAsync(PieceTally tally, ProgressTeller progress, CancellationToken cancellationToken)
    {
        if (tally.Hash is { } known)
            return known;
        var told = new HashProgress(progress.Hashed);
        try
        {
            var hash = await tally.FinishAsync(Read, told, cancellationToken);
            ThrowIfChanged();
            return hash;
        }
        catch (FujiException e)
        {
            throw Changed(e);
        }
    }

    /// <exception cref="MediaException">The file is another than at the start.</exception>
    public void ThrowIfChanged()
    {
        if (RandomAccess.GetLength(_handle) != Size || File.GetLastWriteTimeUtc(_handle) != _changedAt)
            throw Changed();
    }

    public void Dispose() => _handle.Dispose();

    // On the thread that hashes next: there is nothing else for it to do meanwhile.
    private ValueTask<int> Read(long offset, Memory<byte> buffer, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return ValueTask.FromResult(RandomAccess.Read(_handle, buffer.Span, offset));
        }
        catch (IOException e)
        {
            throw Unreadable(e);
        }
    }

    private MediaException Unreadable(IOException cause) =>
        new(MediaErrors.SourceUnreadable, $"{Path} can't be read: {cause.Message}", innerException: cause);

    private MediaException Changed(Exception? cause = null) =>
        new(MediaErrors.SourceChanged, $"{Path} changed while it was read. Try again when it is at rest.", innerException: cause);
}
