using Orleans.Runtime;

namespace Orleans
{
    /// <summary>Why an activation ended.</summary>
    public enum DeactivationReasonCode : byte
    {
        /// <summary>Not said.</summary>
        None,
        /// <summary>The silo stops.</summary>
        ShuttingDown,
        /// <summary>The constructor, the first state read or <c>OnActivateAsync</c> failed.</summary>
        ActivationFailed,
        /// <summary>Not used by the embedded runtime.</summary>
        DirectoryFailure,
        /// <summary>Not called for the collection age.</summary>
        ActivationIdle,
        /// <summary>Not used by the embedded runtime.</summary>
        ActivationUnresponsive,
        /// <summary>Not used by the embedded runtime.</summary>
        DuplicateActivation,
        /// <summary>Not used by the embedded runtime.</summary>
        IncompatibleRequest,
        /// <summary>A lost state write left a grain method.</summary>
        ApplicationError,
        /// <summary>The grain or a test asked for it.</summary>
        ApplicationRequested,
        /// <summary>Not used by the embedded runtime.</summary>
        Migrating,
        /// <summary>The runtime asked for it.</summary>
        RuntimeRequested,
        /// <summary>More activations than the limit allows.</summary>
        HighMemoryPressure,
    }

    /// <summary>Why an activation ended, with words.</summary>
    public readonly record struct DeactivationReason(DeactivationReasonCode ReasonCode, Exception? Exception, string Description)
    {
        /// <summary>A reason without an exception.</summary>
        public DeactivationReason(DeactivationReasonCode code, string text)
            : this(code, null, text)
        {
        }
    }
}

namespace Orleans.Runtime
{
    /// <summary>One activation of a grain.</summary>
    public interface IGrainContext : IEquatable<IGrainContext>
    {
        /// <summary>The grain's identity.</summary>
        GrainId GrainId { get; }

        /// <summary>The grain object, or null before it is made and after it is gone.</summary>
        object? GrainInstance { get; }

        /// <summary>The services of this activation.</summary>
        IServiceProvider ActivationServices { get; }

        /// <summary>Ends when <c>OnDeactivateAsync</c> has run and the activation is gone.</summary>
        Task Deactivated { get; }

        /// <summary>Ends the activation after the calls that are running now; later calls wait for the next one.</summary>
        void Deactivate(DeactivationReason deactivationReason, CancellationToken cancellationToken = default);
    }

    /// <summary>A timer whose callbacks are turns of a grain.</summary>
    public interface IGrainTimer : IDisposable
    {
        /// <summary>Starts anew: first after <paramref name="dueTime"/>, then a <paramref name="period"/> after each callback's end.</summary>
        void Change(TimeSpan dueTime, TimeSpan period);
    }

    /// <summary>How a grain timer runs.</summary>
    public record struct GrainTimerCreationOptions
    {
        /// <summary>A timer with neither time set.</summary>
        public GrainTimerCreationOptions()
        {
        }

        /// <summary>A timer with these times.</summary>
        public GrainTimerCreationOptions(TimeSpan dueTime, TimeSpan period) => (DueTime, Period) = (dueTime, period);
        /// <summary>Until the first callback; <see cref="Timeout.InfiniteTimeSpan"/> for none.</summary>
        public TimeSpan DueTime { get; set; }

        /// <summary>From a callback's end to the next; <see cref="Timeout.InfiniteTimeSpan"/> for one callback only.</summary>
        public TimeSpan Period { get; set; }

        /// <summary>Callbacks may run between the awaits of other turns.</summary>
        public bool Interleave { get; set; }

        /// <summary>Callbacks count as use, so that the activation isn't collected.</summary>
        public bool KeepAlive { get; set; }
    }
}
