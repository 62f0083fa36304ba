namespace Media.AppHost.Processes;

/// <summary>What to start as a child, and how it ends.</summary>
public sealed record ChildProcessOptions
{
    /// <summary>What it is called in messages.</summary>
    public required string Name { get; init; }

    /// <summary>The program: a path, or a name looked up in PATH.</summary>
    public required string FileName { get; init; }

    /// <summary>Its arguments, passed as they are, never through a shell.</summary>
    public IReadOnlyList<string> Arguments { get; init; } = [];

    /// <summary>Environment variables on top of the host's own; null takes one away.</summary>
    public IReadOnlyDictionary<string, string?> Environment { get; init; } = new Dictionary<string, string?>(StringComparer.Ordinal);

    /// <summary>Its working directory; null is the host's.</summary>
    public string? WorkingDirectory { get; init; }

    /// <summary>The account to run as; null is the host's own. Only root can pick another.</summary>
    public UnixAccount? Account { get; init; }

    /// <summary>What asks it to stop.</summary>
    public UnixSignal StopSignal { get; init; } = UnixSignal.Terminate;

    /// <summary>What it gets when the host dies, however that happens.</summary>
    public UnixSignal DeathSignal { get; init; } = UnixSignal.Kill;

    /// <summary>Called with every line of its output and errors, in order, on a thread-pool thread.</summary>
    public Action<string>? OnLine { get; init; }

    /// <summary>A child that runs a .NET assembly with the <c>dotnet</c> that runs this program.</summary>
    /// <param name="name">What it is called in messages.</param>
    /// <param name="assembly">The path of the assembly.</param>
    /// <param name="arguments">The program's arguments.</param>
    public static ChildProcessOptions Dotnet(string name, string assembly, params IReadOnlyList<string> arguments) => new()
    {
        Name = name,
        FileName = DotnetPath,
        Arguments = [assembly, .. arguments],
        WorkingDirectory = Path.GetDirectoryName(Path.GetFullPath(assembly)),
    };

    // DOTNET_HOST_PATH is set by the SDK's own commands, and names the dotnet that runs them.
    private static string DotnetPath =>
        System.Environment.GetEnvironmentVariable("DOTNET_HOST_PATH") is { Length: > 0 } path && File.Exists(path) ? path
        : Path.GetFileNameWithoutExtension(System.Environment.ProcessPath) is "dotnet" ? System.Environment.ProcessPath!
        : "dotnet";
}
