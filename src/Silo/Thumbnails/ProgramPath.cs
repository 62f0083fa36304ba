namespace Media.Silo.Thumbnails;

/// <summary>Finds programs as a shell would.</summary>
internal static class ProgramPath
{
    /// <summary>The full path of a program, or null where there is none.</summary>
    /// <param name="program">A name that is looked for in PATH, or a path.</param>
    public static string? Find(string program)
    {
        if (program.Contains(Path.DirectorySeparatorChar, StringComparison.Ordinal) || program.Contains(Path.AltDirectorySeparatorChar, StringComparison.Ordinal))
            return FindIn("", program);
        foreach (var folder in (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator, StringSplitOptions.RemoveEmptyEntries))
        {
            if (FindIn(folder, program) is { } path) return path;
        }

        return null;
    }

    private static string? FindIn(string folder, string program)
    {
        var path = Path.GetFullPath(Path.Combine(folder, program));
        if (OperatingSystem.IsWindows()) return File.Exists(path) ? path : File.Exists(path + ".exe") ? path + ".exe" : null;
        return File.Exists(path) && (File.GetUnixFileMode(path) & (UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute)) != UnixFileMode.None ? path : null;
    }
}
