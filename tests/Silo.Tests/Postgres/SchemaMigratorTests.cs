using Media.Silo.Postgres;
using Media.Tests.Support;
using Npgsql;

namespace Media.Silo.Tests.Postgres;

public sealed class SchemaMigratorTests(PostgresFixture postgres) : IClassFixture<PostgresFixture>
{
    private static readonly SchemaScript First = SchemaScript.Create(1, "first", "create table a (n integer);");

    [Fact]
    public async Task Migrate_ManyProcessesAtOnce_EachScriptRunsOnce()
    {
        var connectionString = await PostgresFixture.CreateDatabaseAsync(TestContext.Current.CancellationToken);
        SchemaScript[] scripts = [First, SchemaScript.Create(2, "second", "insert into a values (1);")];

        await Task.WhenAll(Enumerable.Range(0, 8).Select(async _ =>
        {
            await using var database = Database.Open(connectionString);
            await Database.MigrateAsync(database, scripts);
        }));

        await using var result = Database.Open(connectionString);
        Assert.Equal(1L, await result.QueryAsync<long>("select count(*) from a"));
        Assert.Equal(2L, await result.QueryAsync<long>("select count(*) from schema_scripts"));
    }

    [Fact]
    public async Task Migrate_AppliedScriptChanged_Refuses()
    {
        await using var database = Database.Open(await PostgresFixture.CreateDatabaseAsync(TestContext.Current.CancellationToken));
        await Database.MigrateAsync(database, [First]);

        var refused = await Assert.ThrowsAsync<SchemaException>(
            () => Database.MigrateAsync(database, [SchemaScript.Create(1, "first", "create table a (n bigint);")]));

        Assert.Contains("001_first", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Migrate_DatabaseIsNewer_RefusesAndChangesNothing()
    {
        await using var database = Database.Open(await PostgresFixture.CreateDatabaseAsync(TestContext.Current.CancellationToken));
        await Database.MigrateAsync(database, [First, SchemaScript.Create(2, "second", "create table b (n integer);")]);

        var refused = await Assert.ThrowsAsync<SchemaException>(() => Database.MigrateAsync(database, [First]));

        Assert.Contains("newer", refused.Message, StringComparison.Ordinal);
        Assert.Contains("002_second", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Migrate_ScriptFailsHalfway_LeavesNothingOfIt()
    {
        await using var database = Database.Open(await PostgresFixture.CreateDatabaseAsync(TestContext.Current.CancellationToken));

        await Assert.ThrowsAsync<PostgresException>(
            () => Database.MigrateAsync(database, [First, SchemaScript.Create(2, "second", "create table b (n integer); select 1/0;")]));

        Assert.Equal(1L, await database.QueryAsync<long>("select count(*) from schema_scripts"));
        Assert.False(await database.QueryAsync<bool>("select exists (select from pg_tables where tablename = 'b')"));
    }

    [Fact]
    public void Create_OtherLineEnds_SameChecksum() =>
        Assert.Equal(SchemaScript.Create(1, "a", "x\ny\n").Checksum, SchemaScript.Create(1, "a", "x\r\ny\r\n").Checksum);

    [Fact]
    public async Task Migrate_EmbeddedScripts_AreNumberedWithoutGapsAndApply()
    {
        var scripts = SchemaScript.LoadEmbedded();
        Assert.Equal(Enumerable.Range(1, scripts.Count), scripts.Select(script => script.Number));
        await using var database = Database.Open(postgres.ConnectionString);
        await Database.MigrateAsync(database, scripts);
        await Database.MigrateAsync(database, scripts);
    }
}
