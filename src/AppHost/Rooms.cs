namespace Media.AppHost;

/// <summary>Finds the repository around a built program, and what the other rooms were built into.</summary>
/// <remarks>
/// Every project builds into <c>bin/Configuration/Framework</c> below its own folder, so the path of a running program
/// from <c>bin</c> on is also the path of the other rooms' output of the same build. What is published lies side by side, in folders called like the rooms.
/// </remarks>
public static class Rooms
{
    /// <summary>The repository's root: the folder with <c>Media.sln</c> above the running program.</summary>
    /// <exception cref="DirectoryNotFoundException">The program does not run from inside the repository.</exception>
    public static string Root { get; } = FindRoot(AppContext.BaseDirectory);

    /// <summary>The file that <paramref name="assembly"/> of the room <paramref name="room"/> was built into.</summary>
    /// <param name="room">The project's folder from the root, for example <c>src/Api</c>.</param>
    /// <param name="assembly">The assembly's name without <c>.dll</c>.</param>
    /// <exception cref="FileNotFoundException">It was not built in the running program's configuration.</exception>
    public static string Output(string room, string assembly)
    {
        var beside = Path.Combine(AppContext.BaseDirectory, "..", Path.GetFileName(room), assembly + ".dll");
        if (File.Exists(beside))
            return Path.GetFullPath(beside);
        var path = Path.Combine(Root, room, OutputFolder(AppContext.BaseDirectory), assembly + ".dll");
        return File.Exists(path)
            ? path
            : throw new FileNotFoundException($"{assembly} is not built: {path} is missing. Run: dotnet build {room}", path);
    }

    private static string OutputFolder(string baseDirectory)
    {
        var parts = Path.GetRelativePath(Root, baseDirectory).TrimEnd('/').Split('/');
        var bin = Array.LastIndexOf(parts, "bin");
        return bin < 0
            ? throw new DirectoryNotFoundException($"{baseDirectory} is not a build output folder.")
            : string.Join('/', parts[bin..]);
    }

    private static string FindRoot(string start)
    {
        for (var folder = new DirectoryInfo(start); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Media.sln")))
                return folder.FullName;
        }

        throw new DirectoryNotFoundException($"There is no Media.sln above {start}.");
    }
}
