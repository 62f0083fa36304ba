using System.Diagnostics;
using System.Globalization;
using Media.Tests.Support;

namespace Media.Silo.Tests.Thumbnails;

/// <summary>Shell scripts in place of the programs.</summary>
internal sealed class Programs : IDisposable
{
    private readonly TemporaryFolder _folder = new();
    private int _count;

    private string Ids => _folder.Path("ids");

    /// <summary>A script.</summary>
    /// <returns>Its path.</returns>
    public string Script(string text)
    {
        var path = _folder.Path($"program{++_count}");
        File.WriteAllText(path, $"#!/bin/sh\n{text}\n");
        if (OperatingSystem.IsWindows())
            throw new PlatformNotSupportedException();
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserExecute | UnixFileMode.GroupRead | UnixFileMode.GroupExecute | UnixFileMode.OtherRead | UnixFileMode.OtherExecute);
        return path;
    }

    /// <summary>A program that says which version it is, and else starts another and waits for it for ever.</summary>
    public string Hanging() => Script($"""
        PATH=/usr/bin:/bin
        case "$1" in --version) exit 0;; esac
        sleep 1000 &
        echo "$$ $!" >> '{Ids}'
        wait
        """);

    public Task StartedAsync() => Eventually.TrueAsync(() => File.Exists(Ids) && new FileInfo(Ids).Length > 0, TimeSpan.FromSeconds(60));

    /// <summary>Ends them, whose starter was killed.</summary>
    public void KillAll()
    {
        foreach (var id in File.ReadAllText(Ids).Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries))
        {
            using var process = Find(int.Parse(id, CultureInfo.InvariantCulture));
            process?.Kill();
        }
    }

    /// <summary>Waits until none of the processes is there any more.</summary>
    public Task AssertAllEndedAsync()
    {
        var ids = File.ReadAllText(Ids).Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries);
        Assert.True(ids.Length >= 2);
        return Eventually.TrueAsync(() => Array.TrueForAll(ids, id => !Directory.Exists($"/proc/{id}") || File.ReadAllText($"/proc/{id}/stat").Contains(") Z ", StringComparison.Ordinal)));
    }

    private static Process? Find(int id)
    {
        try
        {
            return Process.GetProcessById(id);
        }
        catch (ArgumentException)
        {
            return null;
        }
    }

    public void Dispose() => _folder.Dispose();
}
