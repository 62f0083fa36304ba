using System.Globalization;
using System.Security.Cryptography;
using Media.AppHost.Processes;
using Npgsql;

namespace Media.AppHost.Postgres;

/// <summary>Where a cluster lives and how its server is set.</summary>
public sealed record PostgresClusterOptions
{
    /// <summary>The cluster's own folder; made when it isn't there.</summary>
    public required string Folder { get; init; }

    /// <summary>The port the server listens on, on 127.0.0.1.</summary>
    public required int Port { get; init; }

    /// <summary>Server parameters, for example <c>fsync</c> → <c>off</c>.</summary>
    public IReadOnlyDictionary<string, string> Parameters { get; init; } = new Dictionary<string, string>(StringComparer.Ordinal);

    /// <summary>Whether a new cluster must survive a power cut from its first moment. Tests need not wait for that.</summary>
    public bool Durable { get; init; } = true;
}

/// <summary>
/// A PostgreSQL cluster in a folder: made when new, with data checksums, SCRAM passwords and the superuser <c>media</c>. The
/// server itself is a child, started from <see cref="Server"/>.
/// </summary>
public sealed class PostgresCluster
{
    private const string SuperUser = "media";

    // sockaddr_un holds 108 bytes on Linux and 104 on macOS, with "/.s.PGSQL.65535" and a NUL in them.
    private const int LongestSocketFolder = 85;

    private readonly PostgresBinaries _binaries;
    private readonly PostgresClusterOptions _options;
    private readonly string _password;

    private PostgresCluster(PostgresBinaries binaries, PostgresClusterOptions options, string password)
    {
        _binaries = binaries;
        _options = options;
        _password = password;
    }

    /// <summary>How to start the server, in the foreground. Interrupt stops it in order; it recovers from every other end.</summary>
    public ChildProcessOptions Server => new()
    {
        Name = "postgres",
        FileName = _binaries.Program("postgres"),
        Arguments =
        [
            "-D", DataFolder(_options.Folder),
            "-p", _options.Port.ToString(CultureInfo.InvariantCulture),
            "-c", "listen_addresses=127.0.0.1",
            "-c", $"unix_socket_directories={(_options.Folder.Length <= LongestSocketFolder ? _options.Folder : "")}",
            .. _options.Parameters.SelectMany(parameter => new[] { "-c", $"{parameter.Key}={parameter.Value}" }),
        ],
        WorkingDirectory = "/",
        Account = _binaries.Account,
        StopSignal = UnixSignal.Interrupt,
        DeathSignal = UnixSignal.Quit,
    };

    /// <summary>Whether a folder has a cluster in it.</summary>
    public static bool Exists(string folder) => File.Exists(Path.Combine(DataFolder(folder), "PG_VERSION"));

    /// <summary>Opens the cluster in the folder, or makes it.</summary>
    /// <exception cref="InvalidOperationException">The cluster can't be made, or is another major version's.</exception>
    public static async Task<PostgresCluster> PrepareAsync(PostgresBinaries binaries, PostgresClusterOptions options, CancellationToken cancellationToken)
    {
        var version = Path.Combine(DataFolder(options.Folder), "PG_VERSION");
        if (!Exists(options.Folder))
            await CreateAsync(binaries, options, cancellationToken);
        if ((await File.ReadAllTextAsync(version, cancellationToken)).Trim() is not "18" and var found)
            throw new InvalidOperationException($"{options.Folder} was made by PostgreSQL {found}; this is 18. Move the folder away, or dump it with {found} and load it here.");
        return new PostgresCluster(binaries, options, await File.ReadAllTextAsync(PasswordFile(options.Folder), cancellationToken));
    }

    /// <summary>The connection string of one of its databases.</summary>
    public string ConnectionString(string database) => new NpgsqlConnectionStringBuilder
    {
        Host = "127.0.0.1",
        Port = _options.Port,
        Username = SuperUser,
        Password = _password,
        Database = database,
    }.ConnectionString;

    /// <summary>Whether the server answers a query.</summary>
    public async Task<bool> AnswersAsync(CancellationToken cancellationToken)
    {
        try
        {
            await ExecuteAsync("select 1", cancellationToken);
            return true;
        }
        catch (Exception e) when (e is NpgsqlException or TimeoutException)
        {
            return false;
        }
    }

    /// <summary>Creates a database, unless it is there.</summary>
    /// <exception cref="NpgsqlException">The server does not answer.</exception>
    public async Task CreateDatabaseAsync(string name, CancellationToken cancellationToken)
    {
        var literal = name.Replace("'", "''", StringComparison.Ordinal);
        if (await ExecuteAsync($"select 1 from pg_database where datname = '{literal}'", cancellationToken) is null)
            await ExecuteAsync($"create database {Quoted(name)}", cancellationToken);
    }

    /// <summary>Drops a database and ends whoever is connected to it.</summary>
    /// <exception cref="NpgsqlException">The server does not answer.</exception>
    public Task DropDatabaseAsync(string name, CancellationToken cancellationToken) =>
        ExecuteAsync($"drop database if exists {Quoted(name)} with (force)", cancellationToken);

    /// <summary>
    /// Looks at the lock file of a server that did not stop in order. PostgreSQL takes any living process with the id in it
    /// for that server, and would refuse to start after the id was given away (usual when a container starts anew).
    /// </summary>
    /// <returns>The id of the server that really is still running on this cluster, or null.</returns>
    public static async Task<int?> FindServerAsync(string folder, CancellationToken cancellationToken)
    {
        var lockFile = Path.Combine(DataFolder(folder), "postmaster.pid");
        if (!File.Exists(lockFile) || !OperatingSystem.IsLinux())
            return null;
        var first = (await File.ReadAllLinesAsync(lockFile, cancellationToken)).FirstOrDefault();
        if (!int.TryParse(first, CultureInfo.InvariantCulture, out var id))
            return null;

        var commandLine = "";
        try
        {
            commandLine = await File.ReadAllTextAsync($"/proc/{id}/cmdline", cancellationToken);
        }
        catch (IOException)
        {
        }

        if (commandLine.Contains(DataFolder(folder) + '\0', StringComparison.Ordinal))
            return id;
        File.Delete(lockFile);
        return null;
    }

    private static async Task CreateAsync(PostgresBinaries binaries, PostgresClusterOptions options, CancellationToken cancellationToken)
    {
        // What is there without a finished data folder is what an interrupted start left.
        if (Directory.Exists(options.Folder))
            Directory.Delete(options.Folder, recursive: true);
        Directory.CreateDirectory(options.Folder, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        await File.WriteAllTextAsync(PasswordFile(options.Folder), Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(16)), cancellationToken);
        if (binaries.Account is { } account)
            await account.TakeAsync(options.Folder, cancellationToken);

        var unfinished = DataFolder(options.Folder) + ".new";
        await using var initdb = await ChildProcess.StartAsync(
            new ChildProcessOptions
            {
                Name = "initdb",
                FileName = binaries.Program("initdb"),
                Arguments =
                [
                    "-D", unfinished, "-U", SuperUser, $"--pwfile={PasswordFile(options.Folder)}", "--auth=scram-sha-256", "--data-checksums",
                    "--encoding=UTF8", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", .. options.Durable ? [] : new[] { "--no-sync" },
                ],
                WorkingDirectory = "/",
                Account = binaries.Account,
            },
            cancellationToken);
        if (await initdb.Exited.WaitAsync(cancellationToken) is not 0 and var exitCode)
            throw new InvalidOperationException($"initdb ended with {exitCode}:{Environment.NewLine}{string.Join(Environment.NewLine, initdb.Lines)}");
        Directory.Move(unfinished, DataFolder(options.Folder));
    }

    private async Task<object?> ExecuteAsync(string sql, CancellationToken cancellationToken)
    {
        var settings = new NpgsqlConnectionStringBuilder(ConnectionString("postgres")) { Pooling = false, Timeout = 20 };
        await using var connection = new NpgsqlConnection(settings.ConnectionString);
        await connection.OpenAsync(cancellationToken);
        await using var command = new NpgsqlCommand(sql, connection);
        return await command.ExecuteScalarAsync(cancellationToken);
    }

    private static string Quoted(string name) => $"\"{name.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";

    private static string DataFolder(string folder) => Path.Combine(folder, "data");

    private static string PasswordFile(string folder) => Path.Combine(folder, "password");
}
