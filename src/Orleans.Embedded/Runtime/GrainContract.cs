using System.Collections.Immutable;
using System.Collections.ObjectModel;
using System.Net;
using System.Numerics;
using System.Reflection;
using Orleans.Runtime;

namespace Orleans.Embedded;

/// <summary>
/// Checks at start what the Orleans runtime and its code generator would refuse: what methods of grain interfaces return, and whether what crosses
/// them or is stored is marked for serialization. Nothing is serialized here; the check keeps grains fit for a runtime that does.
/// </summary>
internal sealed class GrainContract
{
    private const BindingFlags OwnMembers = BindingFlags.Instance | BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.DeclaredOnly;

    private static readonly HashSet<Type> Plain =
    [
        typeof(string), typeof(decimal), typeof(DateTime), typeof(DateTimeOffset), typeof(DateOnly), typeof(TimeOnly), typeof(TimeSpan), typeof(Guid),
        typeof(Uri), typeof(Version), typeof(Int128), typeof(UInt128), typeof(Half), typeof(BigInteger), typeof(IPAddress), typeof(GrainId),
    ];

    private static readonly HashSet<Type> Containers =
    [
        typeof(Nullable<>), typeof(ImmutableArray<>), typeof(ImmutableList<>), typeof(ImmutableHashSet<>), typeof(ImmutableSortedSet<>),
        typeof(ImmutableDictionary<,>), typeof(ImmutableSortedDictionary<,>), typeof(ImmutableQueue<>), typeof(ImmutableStack<>), typeof(List<>),
        typeof(Dictionary<,>), typeof(HashSet<>), typeof(Queue<>), typeof(Stack<>), typeof(SortedDictionary<,>), typeof(SortedList<,>), typeof(SortedSet<>),
        typeof(Collection<>), typeof(ReadOnlyCollection<>), typeof(ReadOnlyDictionary<,>), typeof(KeyValuePair<,>), typeof(IEnumerable<>),
        typeof(IReadOnlyCollection<>), typeof(IReadOnlyList<>), typeof(IReadOnlyDictionary<,>), typeof(IReadOnlySet<>), typeof(ICollection<>),
        typeof(IList<>), typeof(IDictionary<,>), typeof(ISet<>), typeof(IImmutableList<>), typeof(IImmutableDictionary<,>), typeof(IImmutableSet<>),
    ];

    private readonly List<string> _problems = [];
    private readonly HashSet<Type> _seen = [];

    /// <summary>All problems of these grain classes; empty for none.</summary>
    public List<string> Check(IEnumerable<Type> grainClasses)
    {
        foreach (var grainClass in grainClasses)
        {
            foreach (var contract in grainClass.GetInterfaces().Where(static i => i.IsAssignableTo(typeof(IGrain))))
                CheckInterface(contract);
            foreach (var parameter in grainClass.GetConstructors().SelectMany(static c => c.GetParameters()))
            {
                if (!parameter.IsDefined(typeof(PersistentStateAttribute)))
                    continue;
                if (parameter.ParameterType is { IsGenericType: true } type && type.GetGenericTypeDefinition() == typeof(IPersistentState<>))
                    CheckType(type.GetGenericArguments()[0], $"state '{parameter.Name}' of {grainClass.FullName}");
                else
                    _problems.Add($"{grainClass.FullName}: [PersistentState] belongs on an IPersistentState<T>, not on '{parameter.Name}'.");
            }
        }

        return _problems;
    }

    /// <summary>Checks one grain interface.</summary>
    public List<string> CheckInterface(Type contract)
    {
        if (!_seen.Add(contract))
            return _problems;
        foreach (var method in contract.GetMethods())
        {
            var where = $"{contract.FullName}.{method.Name}";
            if (method.IsSpecialName || method.IsGenericMethodDefinition)
                _problems.Add($"{where}: the embedded runtime has no properties, events or generic methods on grain interfaces.");
            else
                CheckResult(method.ReturnType, where);
            foreach (var parameter in method.GetParameters())
            {
                if (parameter.ParameterType.IsByRef)
                    _problems.Add($"{where}: '{parameter.Name}' can't be passed by reference to another process.");
                else if (parameter.ParameterType != typeof(CancellationToken))
                    CheckType(parameter.ParameterType, $"'{parameter.Name}' of {where}");
            }
        }

        return _problems;
    }

    private void CheckResult(Type type, string where)
    {
        if (type == typeof(void) || type == typeof(Task) || type == typeof(ValueTask))
            return;
        var open = type.IsGenericType ? type.GetGenericTypeDefinition() : null;
        if (open == typeof(Task<>) || open == typeof(ValueTask<>))
            CheckType(type.GetGenericArguments()[0], $"the result of {where}");
        else if (open == typeof(IAsyncEnumerable<>))
            _problems.Add($"{where}: the embedded runtime has no IAsyncEnumerable<T>; return a page, or build with ActorRuntime=Orleans.");
        else
            _problems.Add($"{where} returns {type}; a grain method returns void, Task, Task<T>, ValueTask or ValueTask<T>.");
    }

    private void CheckType(Type type, string where)
    {
        if (type.IsPrimitive || type.IsEnum || Plain.Contains(type) || (type.IsInterface && type.IsAssignableTo(typeof(IAddressable))) || !_seen.Add(type))
            return;
        if (type.IsArray)
        {
            CheckType(type.GetElementType()!, where);
            return;
        }

        if (type.IsGenericType)
        {
            foreach (var argument in type.GetGenericArguments())
                CheckType(argument, where);
            var open = type.GetGenericTypeDefinition();
            if (Containers.Contains(open) || open.FullName!.StartsWith("System.ValueTuple`", StringComparison.Ordinal)
                || open.FullName.StartsWith("System.Tuple`", StringComparison.Ordinal))
                return;
        }

        if (!type.IsDefined(typeof(GenerateSerializerAttribute), inherit: false))
        {
            _problems.Add($"{type} can't cross ({where}): it has no [GenerateSerializer].");
            return;
        }

        CheckMembers(type);
        if (type.BaseType is { } above && above != typeof(object) && above != typeof(ValueType) && above != typeof(Exception))
            CheckType(above, $"the base of {type}");
        if (!type.IsSealed && !type.IsGenericType)
        {
            foreach (var derived in type.Assembly.GetTypes().Where(t => t.BaseType == type))
                CheckType(derived, $"derived from {type}");
        }
    }

    private void CheckMembers(Type type)
    {
        var positional = type.GetMethod("Deconstruct", OwnMembers)?.GetParameters().Select(static p => p.Name!).ToHashSet(StringComparer.Ordinal) ?? [];
        var numbers = new HashSet<uint>();
        foreach (var field in type.GetFields(OwnMembers))
        {
            var property = field.Name.StartsWith('<') ? type.GetProperty(field.Name[1..field.Name.IndexOf('>', StringComparison.Ordinal)], OwnMembers) : null;
            MemberInfo member = property is null ? field : property;
            var number = member.GetCustomAttribute<IdAttribute>() ?? field.GetCustomAttribute<IdAttribute>();
            if (number is null && !(property is not null && positional.Contains(property.Name)))
            {
                if (property is not null || (field.IsPublic && !field.IsDefined(typeof(NonSerializedAttribute))))
                    _problems.Add($"{type}.{member.Name} has no [Id], so it would be lost on the way.");
                continue;
            }

            if (number is not null && !numbers.Add(number.Id))
                _problems.Add($"{type}.{member.Name} has the [Id] of another member.");
            CheckType(field.FieldType, $"{type}.{member.Name}");
        }
    }
}
