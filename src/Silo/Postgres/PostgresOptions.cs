using System.ComponentModel.DataAnnotations;

namespace Media.Silo.Postgres;

/// <summary>Settings of the database, <c>Media:Postgres</c>.</summary>
public sealed class PostgresOptions
{
    /// <summary>Where the settings are.</summary>
    public const string Section = "Media:Postgres";

    /// <summary>Npgsql connection string. What it says about pooling, time-outs and preparation is overruled by the settings below.</summary>
    [Required(AllowEmptyStrings = false, ErrorMessage = "Media:Postgres:ConnectionString is not set.")]
    public string ConnectionString { get; set; } = "";

    /// <summary>
    /// Most connections of this process. More than a few per core of the database only queue there; the sum over all processes has to stay
    /// below the server's <c>max_connections</c>, with two to spare for each process (one listens, one migrates).
    /// </summary>
    [Range(1, 1_000, ErrorMessage = "Media:Postgres:MaxPoolSize has to be 1 to 1000.")]
    public int MaxPoolSize { get; set; } = 32;

    /// <summary>How long connecting, or waiting for a free connection, may take. Whole seconds. Shorter fails sooner when the database is away.</summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:01:00", ErrorMessage = "Media:Postgres:ConnectTimeout has to be 1 s to 60 s.")]
    public TimeSpan ConnectTimeout { get; set; } = TimeSpan.FromSeconds(2);

    /// <summary>
    /// How long a statement may take, as the server is told too. Whole seconds. Every statement here reads or writes a few rows by an index. A call
    /// to a server that is frozen rather than gone fails after this and twice <see cref="ConnectTimeout"/>.
    /// </summary>
    [Range(typeof(TimeSpan), "00:00:01", "00:05:00", ErrorMessage = "Media:Postgres:CommandTimeout has to be 1 s to 300 s.")]
    public TimeSpan CommandTimeout { get; set; } = TimeSpan.FromSeconds(3);

    /// <summary>
    /// How many statements a connection keeps prepared. 0 behind a connection pooler in transaction mode that cannot track prepared statements.
    /// </summary>
    [Range(0, 1_000, ErrorMessage = "Media:Postgres:MaxPreparedStatements has to be 0 to 1000.")]
    public int MaxPreparedStatements { get; set; } = 64;
}
