namespace Media.Silo.Postgres;

/// <summary>The database's schema is not one that this program can work on. Only a person can resolve it; nothing was changed.</summary>
public sealed class SchemaException : Exception
{
    /// <summary>Without words.</summary>
    public SchemaException()
        : this("The database's schema does not fit this program.")
    {
    }

    /// <summary>With words.</summary>
    public SchemaException(string message)
        : base(message)
    {
    }

    /// <summary>With words and the cause.</summary>
    public SchemaException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
