using System.Xml.Linq;
using Media.Grains.Ports;
using Microsoft.AspNetCore.DataProtection.Repositories;
using Npgsql;

namespace Media.Silo.Postgres;

/// <summary>
/// Keeps the keys of ASP.NET Core Data Protection in the database, so that what one process seals every other can open, after restarts too.
/// The keys are stored as they are given: whoever can read the table can open envelopes.
/// </summary>
internal sealed class PostgresXmlRepository(PostgresDatabase database) : IXmlRepository
{
    public IReadOnlyCollection<XElement> GetAllElements()
    {
        var elements = new List<XElement>();
        try
        {
            using var connection = database.Source.OpenConnection();
            using var command = new NpgsqlCommand("select xml from data_protection_keys order by id", connection);
            using var reader = command.ExecuteReader();
            while (reader.Read()) elements.Add(XElement.Parse(reader.GetString(0)));
        }
        catch (Exception failure) when (PostgresFailures.IsUnavailable(failure))
        {
            throw new StorageUnavailableException("The database does not answer.", failure);
        }

        return elements;
    }

    public void StoreElement(XElement element, string friendlyName)
    {
        try
        {
            using var connection = database.Source.OpenConnection();
            using var command = new NpgsqlCommand("insert into data_protection_keys (friendly_name, xml) values ($1, $2)", connection)
            {
                Parameters = { new() { Value = friendlyName ?? "" }, new() { Value = element.ToString(SaveOptions.DisableFormatting) } },
            };
            command.ExecuteNonQuery();
        }
        catch (Exception failure) when (PostgresFailures.IsUnavailable(failure))
        {
            throw new StorageUnavailableException("The database does not answer.", failure);
        }
    }
}
