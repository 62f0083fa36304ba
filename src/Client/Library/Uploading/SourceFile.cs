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
            throw new MediaException(MediaErrors.SourceUnreadable, $"{Path} can't be read: {e.Message}", innerException: e);
        }
    }

    /// <exception cref="MediaException">The file is another than at the start.</exception>
    public void ThrowIfChanged()
    {
        if (RandomAccess.GetLength(_handle) != Size || File.GetLastWriteTimeUtc(_handle) != _changedAt)
            throw Changed();
    }

    public void Dispose() => _handle.Dispose();

    private MediaException Changed() =>
        new(MediaErrors.SourceChanged, $"{Path} changed while it was read. Try again when it is at rest.");
}
