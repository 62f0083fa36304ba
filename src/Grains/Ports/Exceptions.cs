using Orleans;
using Orleans.Runtime;

namespace Media.Grains.Ports;

/// <summary>The database does not answer. Nothing is known to have been written; the call can be repeated.</summary>
/// <remarks>An <see cref="OrleansException"/>, as the runtime wraps what else a storage throws.</remarks>
[GenerateSerializer, Alias("media.storage-unavailable")]
public sealed class StorageUnavailableException : OrleansException
{
    /// <summary>Without words.</summary>
    public StorageUnavailableException()
        : this("The database does not answer.")
    {
    }

    /// <summary>With words.</summary>
    public StorageUnavailableException(string message)
        : base(message)
    {
    }

    /// <summary>With words and the cause.</summary>
    public StorageUnavailableException(string message, Exception? innerException)
        : base(message, innerException!)
    {
    }
}

/// <summary>The object store does not answer, or answers with a fault of its own. The call can be repeated.</summary>
[GenerateSerializer, Alias("media.store-unavailable")]
public sealed class StoreUnavailableException : Exception
{
    /// <summary>Without words.</summary>
    public StoreUnavailableException()
        : this("The object store does not answer.")
    {
    }

    /// <summary>With words.</summary>
    public StoreUnavailableException(string message)
        : base(message)
    {
    }

    /// <summary>With words and the cause.</summary>
    public StoreUnavailableException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>The object is gone, or is another than the one that was found. Trying again changes nothing; looking again does.</summary>
[GenerateSerializer, Alias("media.object-changed")]
public sealed class ObjectChangedException : Exception
{
    /// <summary>Without words.</summary>
    public ObjectChangedException()
        : this("The object is gone or has changed.")
    {
    }

    /// <summary>With words.</summary>
    public ObjectChangedException(string message)
        : base(message)
    {
    }

    /// <summary>With words and the cause.</summary>
    public ObjectChangedException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>A state could not be written because another grain has taken something that only one may have. Thrown by grain storage.</summary>
[GenerateSerializer, Alias("media.state-taken")]
public sealed class StateTakenException : OrleansException
{
    /// <summary>Without words.</summary>
    public StateTakenException()
        : this("Another grain has taken it.")
    {
    }

    /// <summary>With words.</summary>
    public StateTakenException(string message)
        : base(message)
    {
    }

    /// <summary>With words and the cause.</summary>
    public StateTakenException(string message, Exception? innerException)
        : base(message, innerException)
    {
    }
}
