using System.Globalization;

namespace Media.Tests.Support;

/// <summary>
/// A folder under the system's temporary one, deleted when it is disposed or the process ends. What processes that were
/// killed have left is deleted by the next one that makes such a folder.
/// </summary>
public sealed class TemporaryFolder : IDisposable
{
    private const string Prefix = "media-test-";

    static TemporaryFolder() => Sweep();

    /// <summary>Makes the folder, readable to others, since some servers run as another account.</summary>
    public TemporaryFolder()
    {
        FullName = Directory.CreateDirectory(System.IO.Path.Combine(
            System.IO.Path.GetTempPath(),
            string.Create(CultureInfo.InvariantCulture, $"{Prefix}{Environment.ProcessId}-{Guid.NewGuid():N}"))).FullName;
        File.SetUnixFileMode(FullName, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute
            | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        AppDomain.CurrentDomain.ProcessExit += OnProcessExit;
    }

    /// <summary>Its path.</summary>
    public string FullName { get; }

    /// <summary>The path of something in it.</summary>
    public string Path(string name) => System.IO.Path.Combine(FullName, name);

    /// <inheritdoc />
    public void Dispose()
    {
        AppDomain.CurrentDomain.ProcessExit -= OnProcessExit;
        Delete(FullName);
    }

    private void OnProcessExit(object? sender, EventArgs e) => Delete(FullName);

    private static void Sweep()
    {
        foreach (var folder in Directory.EnumerateDirectories(System.IO.Path.GetTempPath(), Prefix + "*"))
        {
            var owner = System.IO.Path.GetFileName(folder)[Prefix.Length..].Split('-')[0];
            if (OperatingSystem.IsLinux() && int.TryParse(owner, CultureInfo.InvariantCulture, out var id) && !Directory.Exists($"/proc/{id}"))
                Delete(folder);
        }
    }

    private static void Delete(string folder)
    {
        // A server that was just killed may still create files: what is left then is swept later.
        for (var attempt = 0; attempt < 3 && Directory.Exists(folder); attempt++)
        {
            try
            {
                Directory.Delete(folder, recursive: true);
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
            }
        }
    }
}
