using Orleans.Embedded;
using Orleans.Runtime;

namespace Orleans.Runtime
{
    /// <summary>Anything that can be called: a grain, or a reference to one.</summary>
    public interface IAddressable;
}

namespace Orleans
{
    /// <summary>Marks the interfaces whose methods are calls to a grain.</summary>
    public interface IGrain : IAddressable;
    /// <summary>A grain whose identity is a string.</summary>
    public interface IGrainWithStringKey : IGrain;

    /// <summary>What the runtime needs of a grain class.</summary>
    public interface IGrainBase
    {
        /// <summary>The activation this instance lives in.</summary>
        IGrainContext GrainContext { get; }

        /// <summary>Runs before the first call of this activation; an exception fails the calls that wait for it.</summary>
        Task OnActivateAsync(CancellationToken token) => Task.CompletedTask;
        /// <summary>Runs after the last call of this activation; not run when the process dies.</summary>
        Task OnDeactivateAsync(DeactivationReason reason, CancellationToken token) => Task.CompletedTask;
    }

    /// <summary>The base of grain classes.</summary>
    public abstract class Grain : IGrainBase, IAddressable
    {
        /// <summary>Binds the instance to the activation that is being started on this thread.</summary>
        protected Grain() => GrainContext = Activation.Executing!;
        /// <inheritdoc/>
        public IGrainContext GrainContext { get; }

        /// <summary>Makes references to other grains.</summary>
        protected IGrainFactory GrainFactory => Activation.Runtime;
        /// <summary>The services of this activation; its scope ends with the activation.</summary>
        protected internal IServiceProvider ServiceProvider => GrainContext.ActivationServices;

        private Activation Activation => (Activation)GrainContext;

        /// <summary>Ends this activation after the calls that are running now.</summary>
        protected void DeactivateOnIdle() => Activation.DeactivateOnRequest();
        /// <summary>Keeps this activation from being collected for a while; a negative span takes that back.</summary>
        protected void DelayDeactivation(TimeSpan timeSpan) => Activation.DelayDeactivation(timeSpan);
        /// <inheritdoc/>
        public virtual Task OnActivateAsync(CancellationToken cancellationToken) => Task.CompletedTask;
        /// <inheritdoc/>
        public virtual Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken) => Task.CompletedTask;
    }

    /// <summary>What a grain can ask of its activation.</summary>
    public static class GrainBaseExtensions
    {
        /// <summary>Ends this activation after the calls that are running now.</summary>
        public static void DeactivateOnIdle(this IGrainBase grain) => ActivationOf(grain).DeactivateOnRequest();

        /// <summary>Starts a timer whose callbacks are turns of this activation; the next is due a period after the last one ended.</summary>
        public static IGrainTimer RegisterGrainTimer<TState>(
            this IGrainBase grain, Func<TState, CancellationToken, Task> callback, TState state, GrainTimerCreationOptions options)
        {
            ArgumentNullException.ThrowIfNull(callback);
            return ActivationOf(grain).StartTimer(ct => callback(state, ct), options);
        }

        /// <inheritdoc cref="RegisterGrainTimer{TState}(IGrainBase, Func{TState, CancellationToken, Task}, TState, GrainTimerCreationOptions)"/>
        public static IGrainTimer RegisterGrainTimer(this IGrainBase grain, Func<CancellationToken, Task> callback, GrainTimerCreationOptions options)
        {
            ArgumentNullException.ThrowIfNull(callback);
            return ActivationOf(grain).StartTimer(callback, options);
        }

        /// <inheritdoc cref="RegisterGrainTimer{TState}(IGrainBase, Func{TState, CancellationToken, Task}, TState, GrainTimerCreationOptions)"/>
        public static IGrainTimer RegisterGrainTimer(this IGrainBase grain, Func<Task> callback, GrainTimerCreationOptions options) =>
            RegisterGrainTimer(grain, _ => callback(), options);

        /// <inheritdoc cref="RegisterGrainTimer{TState}(IGrainBase, Func{TState, CancellationToken, Task}, TState, GrainTimerCreationOptions)"/>
        public static IGrainTimer RegisterGrainTimer<TState>(
            this IGrainBase grain, Func<TState, Task> callback, TState state, GrainTimerCreationOptions options) =>
            RegisterGrainTimer(grain, _ => callback(state), options);

        /// <inheritdoc cref="RegisterGrainTimer{TState}(IGrainBase, Func{TState, CancellationToken, Task}, TState, GrainTimerCreationOptions)"/>
        public static IGrainTimer RegisterGrainTimer(this IGrainBase grain, Func<Task> callback, TimeSpan dueTime, TimeSpan period) =>
            RegisterGrainTimer(grain, callback, new GrainTimerCreationOptions(dueTime, period));

        /// <inheritdoc cref="RegisterGrainTimer{TState}(IGrainBase, Func{TState, CancellationToken, Task}, TState, GrainTimerCreationOptions)"/>
        public static IGrainTimer RegisterGrainTimer(
            this IGrainBase grain, Func<CancellationToken, Task> callback, TimeSpan dueTime, TimeSpan period) =>
            RegisterGrainTimer(grain, callback, new GrainTimerCreationOptions(dueTime, period));

        /// <inheritdoc cref="RegisterGrainTimer{TState}(IGrainBase, Func{TState, CancellationToken, Task}, TState, GrainTimerCreationOptions)"/>
        public static IGrainTimer RegisterGrainTimer<TState>(
            this IGrainBase grain, Func<TState, Task> callback, TState state, TimeSpan dueTime, TimeSpan period) =>
            RegisterGrainTimer(grain, callback, state, new GrainTimerCreationOptions(dueTime, period));

        /// <inheritdoc cref="RegisterGrainTimer{TState}(IGrainBase, Func{TState, CancellationToken, Task}, TState, GrainTimerCreationOptions)"/>
        public static IGrainTimer RegisterGrainTimer<TState>(
            this IGrainBase grain, Func<TState, CancellationToken, Task> callback, TState state, TimeSpan dueTime, TimeSpan period) =>
            RegisterGrainTimer(grain, callback, state, new GrainTimerCreationOptions(dueTime, period));

        private static Activation ActivationOf(IGrainBase grain)
        {
            ArgumentNullException.ThrowIfNull(grain);
            return (Activation)grain.GrainContext;
        }
    }

    /// <summary>What can be asked of a grain or of a reference to one.</summary>
    public static class GrainExtensions
    {
        /// <summary>The grain's identity.</summary>
        /// <exception cref="ArgumentException">Neither a grain nor a reference.</exception>
        public static GrainId GetGrainId(this IAddressable grain) => grain switch
        {
            GrainReference reference => reference.Target,
            IGrainBase { GrainContext: { } context } => context.GrainId,
            _ => throw new ArgumentException("Neither an activated grain nor a reference to one.", nameof(grain)),
        };

        /// <summary>The string that the grain was asked for with.</summary>
        public static string GetPrimaryKeyString(this IAddressable grain) => grain.GetGrainId().Key.ToString();

        /// <summary>A reference to this grain, to be called or given away; it never reaches past the turn queue.</summary>
        public static TGrainInterface AsReference<TGrainInterface>(this IAddressable grain) => grain switch
        {
            GrainReference reference => (TGrainInterface)reference.Router.Reference(reference.Target, typeof(TGrainInterface)),
            IGrainBase { GrainContext: Activation activation } =>
                (TGrainInterface)activation.Runtime.Reference(activation.GrainId, typeof(TGrainInterface)),
            _ => throw new ArgumentException("Neither an activated grain nor a reference to one.", nameof(grain)),
        };

        /// <summary>A reference to the same grain by another of its interfaces.</summary>
        public static TGrainInterface Cast<TGrainInterface>(this IAddressable grain) => grain.AsReference<TGrainInterface>();
    }
}
