using Orleans.Runtime;

namespace Orleans.Core
{
    /// <summary>One stored record of a grain.</summary>
    public interface IStorage
    {
        /// <summary>The version that was last read or written; null when there is no record.</summary>
        string? Etag { get; }

        /// <summary>Whether the store had a record when it was last asked.</summary>
        bool RecordExists { get; }

        /// <summary>Removes the record.</summary>
        /// <exception cref="Storage.InconsistentStateException">Someone wrote a newer version.</exception>
        Task ClearStateAsync();
        /// <summary>Writes the record.</summary>
        /// <exception cref="Storage.InconsistentStateException">Someone wrote a newer version.</exception>
        Task WriteStateAsync();
        /// <summary>Reads the record again, over what is in memory.</summary>
        Task ReadStateAsync();
        /// <inheritdoc cref="ClearStateAsync()"/>
        Task ClearStateAsync(CancellationToken cancellationToken) => ClearStateAsync();
        /// <inheritdoc cref="WriteStateAsync()"/>
        Task WriteStateAsync(CancellationToken cancellationToken) => WriteStateAsync();
        /// <inheritdoc cref="ReadStateAsync()"/>
        Task ReadStateAsync(CancellationToken cancellationToken) => ReadStateAsync();
    }

    /// <summary>One stored record of a grain, with its state in memory.</summary>
    public interface IStorage<TState> : IStorage
    {
        /// <summary>The state in memory; reaches the store with the next write.</summary>
        TState State { get; set; }
    }
}

namespace Orleans.Runtime
{
    /// <summary>A record of a grain that is read before its first call.</summary>
    public interface IPersistentState<TState> : Core.IStorage<TState>;

    /// <summary>On a constructor parameter of type <see cref="IPersistentState{TState}"/>: which record of which store.</summary>
    [AttributeUsage(AttributeTargets.Parameter)]
    public class PersistentStateAttribute(string stateName, string? storageName = null) : Attribute
    {
        /// <summary>The record's name within the grain.</summary>
        public string StateName { get; } = stateName;
        /// <summary>The store's name; null for the one called "Default".</summary>
        public string? StorageName { get; } = storageName;
    }

    /// <summary>A failure of the runtime or of what it stands on.</summary>
    public class OrleansException : Exception
    {
        /// <summary>A failure in words.</summary>
        public OrleansException(string message)
            : base(message)
        {
        }

        /// <summary>A failure in words, with its cause.</summary>
        public OrleansException(string message, Exception? innerException)
            : base(message, innerException)
        {
        }
    }

    /// <summary>The silo can't start as it is configured.</summary>
    public class OrleansConfigurationException(string message) : OrleansException(message);
    /// <summary>The silo is stopping or gone; the call was not run, or its outcome is not known.</summary>
    public class SiloUnavailableException(string message) : OrleansException(message);
}

namespace Orleans
{
    /// <summary>What a store reads into and writes from.</summary>
    public interface IGrainState<T>
    {
        /// <summary>The state.</summary>
        T State { get; set; }

        /// <summary>The version, as the store writes it; null when there is no record.</summary>
        string? ETag { get; set; }

        /// <summary>Whether the store has a record.</summary>
        bool RecordExists { get; set; }
    }

    /// <summary>What a store reads into and writes from.</summary>
    public sealed class GrainState<T> : IGrainState<T>
    {
        /// <summary>No state yet.</summary>
        public GrainState()
            : this(default!)
        {
        }

        /// <summary>This state, not stored yet.</summary>
        public GrainState(T state)
            : this(state, null)
        {
        }

        /// <summary>This state in this version.</summary>
        public GrainState(T state, string? eTag) => (State, ETag) = (state, eTag);
        /// <inheritdoc/>
        public T State { get; set; }

        /// <inheritdoc/>
        public string? ETag { get; set; }

        /// <inheritdoc/>
        public bool RecordExists { get; set; }
    }
}

namespace Orleans.Storage
{
    /// <summary>A store of grain state, registered under a name.</summary>
    public interface IGrainStorage
    {
        /// <summary>Fills <paramref name="grainState"/>; when there is no record, leaves a new state, no ETag, and RecordExists false.</summary>
        Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState);

        /// <inheritdoc cref="ReadStateAsync{T}(string, GrainId, IGrainState{T})"/>
        Task ReadStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken) =>
            ReadStateAsync(stateName, grainId, grainState);

        /// <summary>Writes if the store has the version of <paramref name="grainState"/>, and sets the new one.</summary>
        /// <exception cref="InconsistentStateException">The store has another version.</exception>
        Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState);

        /// <inheritdoc cref="WriteStateAsync{T}(string, GrainId, IGrainState{T})"/>
        Task WriteStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken) =>
            WriteStateAsync(stateName, grainId, grainState);

        /// <summary>Removes the record if the store has the version of <paramref name="grainState"/>.</summary>
        /// <exception cref="InconsistentStateException">The store has another version.</exception>
        Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState);

        /// <inheritdoc cref="ClearStateAsync{T}(string, GrainId, IGrainState{T})"/>
        Task ClearStateAsync<T>(string stateName, GrainId grainId, IGrainState<T> grainState, CancellationToken cancellationToken) =>
            ClearStateAsync(stateName, grainId, grainState);
    }

    /// <summary>A write that lost to a newer version. When it leaves a grain method, the activation is dropped.</summary>
    public class InconsistentStateException : OrleansException
    {
        /// <summary>A lost write in words.</summary>
        public InconsistentStateException(string message)
            : base(message)
        {
        }

        /// <summary>A lost write in words, with its cause.</summary>
        public InconsistentStateException(string message, Exception? innerException)
            : base(message, innerException)
        {
        }

        /// <summary>A lost write with both versions and its cause.</summary>
        public InconsistentStateException(string errorMsg, string? storedEtag, string? currentEtag, Exception? storageException)
            : base(errorMsg, storageException) => (StoredEtag, CurrentEtag) = (storedEtag, currentEtag);

        /// <summary>A lost write with both versions.</summary>
        public InconsistentStateException(string errorMsg, string? storedEtag, string? currentEtag)
            : this(errorMsg, storedEtag, currentEtag, null)
        {
        }

        /// <summary>The version in the store.</summary>
        public string? StoredEtag { get; }

        /// <summary>The version that the writer had read.</summary>
        public string? CurrentEtag { get; }

        /// <summary>False once it has left the activation that wrote: its callers hold no stale state.</summary>
        internal bool IsSourceActivation { get; set; } = true;
    }
}
